-- table: exception_life
-- row: one exception, from the commit that entered it to the one that removed it
-- from: exception_commit
with numbered as (
    select
        *,
        row_number() over (partition by source, exception_id order by "position", file, "action") as nth,
        row_number() over (partition by source, exception_id order by "position" desc, file desc, "action" desc) as nth_last
    from exception_commit
    where exception_id is not null
),
counted as (
    select
        source,
        exception_id,
        count(*) filter (where nth > 1 and "action" = 'changed') as edits,
        count(*) filter (where previous_file is not null) as renames,
        count(*) filter (where nth > 1 and expiry_date > previous_expiry_date) as extensions,
        count(*) filter (where "action" = 'deleted') as deletions,
        max(expiry_date) as latest_expiry
    from numbered
    group by
        source,
        exception_id
),
-- what an exception renews is what its newest version says; a deletion says nothing
renewing as (
    select
        source,
        exception_id,
        renews
    from numbered
    where "action" <> 'deleted'
    qualify row_number() over (partition by source, exception_id order by nth desc) = 1
),
chain as (
    with recursive up as (
        select
            source,
            exception_id,
            renews as ancestor,
            1 as steps
        from renewing
        where renews is not null
        union all
        select
            up.source,
            up.exception_id,
            renewing.renews as ancestor,
            up.steps + 1 as steps
        from up
        join renewing
            on renewing.source = up.source
            and renewing.exception_id = up.ancestor
        where renewing.renews is not null
          and up.steps < 100 -- nobody renews a hundred times: a circle ends here
    )
    select
        source,
        exception_id,
        ancestor,
        steps
    from up
    qualify row_number() over (partition by source, exception_id order by steps desc) = 1
)
select
    entry.evidence,
    entry.line,
    entry.source,
    entry.exception_id,
    newest.file,
    entry."commit" as entered_commit,
    entry.author_name as entered_by,
    entry.author_email as entered_email,
    entry.author_login as entered_login,
    entry.authored_at,
    entry.committed_at as entered_at,
    entry.landed_commit,
    entry.landed_at,
    entry.content as entered_content,
    counted.edits,
    counted.renames,
    counted.extensions,
    counted.deletions,
    newest."commit" as last_commit,
    newest.author_name as last_changed_by,
    newest.committed_at as last_changed_at,
    case when newest."action" = 'deleted' then newest."commit" end as deleted_commit,
    case when newest."action" = 'deleted' then newest.author_name end as deleted_by,
    case when newest."action" = 'deleted' then newest.committed_at end as deleted_at,
    entry.expiry_date as first_expiry_date,
    counted.latest_expiry as latest_expiry_date,
    renewing.renews,
    coalesce(chain.steps, 0)::bigint as renewals,
    coalesce(chain.ancestor, entry.exception_id) as first_of_chain
from numbered as entry
join numbered as newest
    on newest.source = entry.source
    and newest.exception_id = entry.exception_id
    and newest.nth_last = 1
join counted
    on counted.source = entry.source
    and counted.exception_id = entry.exception_id
left join renewing
    on renewing.source = entry.source
    and renewing.exception_id = entry.exception_id
left join chain
    on chain.source = entry.source
    and chain.exception_id = entry.exception_id
where entry.nth = 1
