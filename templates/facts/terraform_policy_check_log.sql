-- table: terraform_policy_check_log
-- row: the log of one policy check as it was collected last
-- from: terraform_policy_check_log_seen, record
-- Which check a text is of, the name of the part says.
select evidence, line, source, check_id, result, lines
from (
    select
        seen.evidence, seen.line, record.source, seen.result, seen.lines, named.check_id,
        row_number() over (partition by named.check_id order by record.entry desc, seen.evidence desc) as place
    from terraform_policy_check_log_seen as seen
    join record on record.blob = seen.evidence and record.kind = 'terraform.policy-check-logs/1',
    lateral (select nullif(regexp_extract(record."name", '/policy-checks/([^/?]+)/output', 1), '') as check_id) as named
    where named.check_id is not null
)
where place = 1
