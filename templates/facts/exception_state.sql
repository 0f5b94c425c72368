-- table: exception_state
-- row: what one exception said from one moment to another
-- from: exception_commit, exception_content_version, exception_version, record
-- With a history in git a state lasts from the moment when the commit landed that gave the file its content to the next one that changed or
-- removed it. Moments never run backwards along the history, whatever commits claim. Where git does not know the file, or its last change
-- is not committed, a state lasts from the collection that first found it to the first one that did not: since is null where the very
-- first collection of the source found it, because nothing shows how long it had been so. Of states that overlap the one that began last counts.
with content as (
    select
        *
    from (
        select
            evidence, line, renews, control, resource, reason, risk_level, risk_owner, requested_by, approved_by, approved_date, expiry_date,
            review_date, compensating_controls, criterion_impact, problems, parsed, 1 as place
        from exception_content_version
        union all
        select
            evidence, line, renews, control, resource, reason, risk_level, risk_owner, requested_by, approved_by, approved_date, expiry_date,
            review_date, compensating_controls, criterion_impact, problems, parsed, 2 as place
        from exception_version
    )
    qualify row_number() over (partition by evidence order by place, parsed desc, line) = 1
),
landed as (
    select
        source,
        exception_id,
        "position",
        file,
        "action",
        content,
        "commit",
        author_name || ' <' || author_email || '>' as author,
        max(landed_at) over (partition by source order by "position" range between unbounded preceding and current row) as landed_at
    from exception_commit
),
committed as (
    select
        *,
        lead(landed_at) over (partition by source, exception_id order by "position", file, "action") as until
    from landed
    where exception_id is not null
),
collection as (
    select distinct
        source,
        blob,
        "at",
        dense_rank() over (partition by source order by entry) as nth
    from record
    where kind = 'exceptions.rows/1' and "name" = 'exceptions.ndjson'
),
found as (
    select distinct
        v.source,
        v.exception_id,
        v.file,
        v.evidence,
        v."commit",
        v.author,
        v.committed_at,
        c.nth,
        c."at"
    from exception_version as v
    join collection as c on c.source = v.source and c.blob = v.parsed
    where v.exception_id is not null
      and (
          v."commit" is null
          or not exists (select 1 from committed as k where k.source = v.source and k.exception_id = v.exception_id)
      )
),
stretch as (
    select
        *,
        nth - row_number() over (partition by source, exception_id, file, evidence, "commit", author, committed_at order by nth) as island
    from found
),
uncommitted as (
    select
        source,
        exception_id,
        file,
        evidence,
        "commit",
        author,
        committed_at,
        min(nth) as first_nth,
        max(nth) as last_nth,
        min("at") as first_at
    from stretch
    group by
        source,
        exception_id,
        file,
        evidence,
        "commit",
        author,
        committed_at,
        island
),
state as (
    select
        content as evidence, source, exception_id, file, landed_at as since, until, "commit", author, true as history
    from committed
    where "action" <> 'deleted'
      and (until is null or until > landed_at)
    union all
    select
        u.evidence, u.source, u.exception_id, u.file,
        case
            when u.committed_at is not null then u.committed_at
            when u.first_nth > 1 or exists (select 1 from committed as k where k.source = u.source and k.exception_id = u.exception_id) then u.first_at
        end as since,
        (select min(c."at") from collection as c where c.source = u.source and c.nth = u.last_nth + 1) as until,
        u."commit", u.author, false as history
    from uncommitted as u
)
select
    state.evidence,
    content.line,
    state.source,
    state.exception_id,
    state.file,
    state.since,
    state.until,
    state.history,
    state."commit",
    state.author,
    content.renews,
    content.control,
    content.resource,
    content.reason,
    content.risk_level,
    content.risk_owner,
    content.requested_by,
    content.approved_by,
    content.approved_date,
    content.expiry_date,
    content.review_date,
    content.compensating_controls,
    content.criterion_impact,
    content.problems
from state
join content on content.evidence = state.evidence
