-- every exception that a collection found: the files of the newest collection, and the last version of those that are gone since
with gone as (
    select
        *
    from exception_version as v
    where v.exception_id is not null
      and not exists (select 1 from exception as e where e.exception_id = v.exception_id and e.source = v.source)
    qualify row_number() over (
        partition by v.source, v.exception_id
        order by v.approved_date desc nulls last, v.expiry_date desc nulls last, v.evidence, v.line
    ) = 1
)
select
    false as removed,
    exception_id, control, resource, reason, risk_level, risk_owner, requested_by, approved_date, expiry_date,
    compensating_controls, problems, "commit", author, file, line, evidence
from exception
union all
select
    true as removed,
    exception_id, control, resource, reason, risk_level, risk_owner, requested_by, approved_date, expiry_date,
    compensating_controls, problems, "commit", author, file, line, evidence
from gone
