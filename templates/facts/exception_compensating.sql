-- table: exception_compensating
-- row: one compensating control in one content of an exception file
-- from: exception_state
-- proof names what shows that it operates: a document, a test, a record or a source; null where the file names nothing.
with written as (
    select distinct
        evidence,
        line,
        source,
        exception_id,
        compensating_controls
    from exception_state
),
numbered as (
    select
        evidence,
        line,
        source,
        exception_id,
        unnest(compensating_controls) as written,
        generate_subscripts(compensating_controls, 1) as position
    from written
),
split as (
    select
        *,
        -- as our parser writes it: "control (evidence: E, interval: I)", with one of the two or both
        regexp_extract(written, '(?s)^(.*) \((?:evidence: (.*?))?(?:, )?(?:interval: ([^)]*))?\)$', ['control', 'proof', 'cadence']) as part
    from numbered
)
select
    evidence,
    line,
    source,
    exception_id,
    position::bigint as "position",
    case when part.proof <> '' or part.cadence <> '' then part.control else written end as compensating_control,
    nullif(trim(part.proof), '') as proof,
    nullif(lower(trim(part.cadence)), '') as "interval"
from split
