-- table: collection_part
-- row: what one collection of one source asked for, and how that went
-- kind: auditpack.entries/1
select
    "number" as entry,
    source,
    "time"::timestamp_ns as "at",
    period."from"::timestamp_ns as period_from,
    period."to"::timestamp_ns as period_to,
    asked.part as part,
    asked.kind as kind,
    asked.outcome as outcome,
    asked.items as items,
    asked.detail as detail
from (
    select "number", source, "time", period, unnest(parts) as asked
    from read_json(
        getvariable('paths'),
        format = 'newline_delimited',
        maximum_object_size = 67108864,
        columns = {
            "number": 'bigint',
            "type": 'varchar',
            source: 'varchar',
            "time": 'varchar',
            period: 'struct("from" varchar, "to" varchar)',
            parts: 'struct(part varchar, kind varchar, outcome varchar, items bigint, detail varchar)[]'
        }
    )
    where "type" = 'collection'
)
