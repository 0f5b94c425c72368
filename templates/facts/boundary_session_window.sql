-- table: boundary_session_window
-- row: one complete list of sessions, and which time before it no list can have shown
-- from: record, collection_part
-- Boundary deletes a session one hour after it ended. A list shows what ended after shown_from; what ended after the list before
-- (previous_at) and not after shown_from may have been deleted unseen: that is unseen_from to unseen_to, null where there is no such
-- time. Before the first list everything that ended earlier is unseen; previous_at is then null and unseen_to is shown_from.
with list as (
    select
        asked.source,
        asked.entry,
        record."at",
        min(record.blob) as evidence
    from collection_part as asked
    join record on record.entry = asked.entry and record.source = asked.source and record.kind = asked.kind
    where asked.kind = 'boundary.sessions/1'
        and asked.part = 'sessions'
        and asked.outcome in ('ok', 'none')
        and record."at" is not null
    group by asked.source, asked.entry, record."at"
),
ordered as (
    select
        *,
        ("at" - interval 1 hour)::timestamp_ns as shown_from,
        lag("at") over (partition by source order by entry) as previous_at
    from list
)
select
    evidence,
    1::bigint as line,
    source,
    entry,
    "at",
    previous_at,
    shown_from,
    case when previous_at < shown_from then previous_at end as unseen_from,
    case when previous_at is null or previous_at < shown_from then shown_from end as unseen_to
from ordered
