-- table: exception_impact
-- row: one requirement that one content of an exception file speaks of
-- from: exception_state
-- effect is deviates where the requirement is not met while the exception holds, none where the file says that it is met all the same.
with written as (
    select distinct
        evidence,
        line,
        source,
        exception_id,
        unnest(criterion_impact) as written
    from exception_state
),
split as (
    select
        *,
        -- as our parser writes it: "framework:id: reason", with " (none)" behind the id
        regexp_extract(written, '(?s)^([^:]*):([^:]*?)( \(none\))?: (.*)$', ['framework', 'requirement', 'effect', 'reason']) as part
    from written
)
select
    evidence,
    line,
    source,
    exception_id,
    part.framework as framework,
    part.requirement as requirement,
    case when part.effect = '' then 'deviates' else 'none' end as effect,
    nullif(trim(part.reason), '') as reason
from split
