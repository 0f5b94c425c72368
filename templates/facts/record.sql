-- table: record
-- row: one blob in one record
-- kind: auditpack.records/1
select
    part.digest as blob,
    record,
    data.kind as kind,
    data.source."name" as source,
    data.source."type" as source_type,
    part."name" as "name",
    part.media_type as media_type,
    part.size_bytes as size_bytes,
    data."at"::timestamp_ns as "at",
    data.period."from"::timestamp_ns as period_from,
    data.period."to"::timestamp_ns as period_to,
    data.collected."at"::timestamp_ns as collected_at,
    entry,
    coalesce(data.derived_from, []) as derived_from,
    coalesce(len(data.redactions), 0) > 0 as redacted,
    data.stated.lines as lines,
    data.stated.odd_lines as odd_lines,
    list_transform(coalesce(data.redactions, []), lambda redaction: redaction."rule") as redaction_rules,
    data.source."identity" as "identity"
from (
    select entry, record, data, unnest(data.content) as part
    from read_json(
        getvariable('paths'),
        format = 'newline_delimited',
        maximum_object_size = 67108864,
        columns = {
            entry: 'bigint',
            record: 'varchar',
            data: 'struct(
                kind varchar,
                source struct("name" varchar, "type" varchar, "identity" varchar),
                "at" varchar,
                period struct("from" varchar, "to" varchar),
                collected struct("at" varchar),
                content struct("name" varchar, media_type varchar, digest varchar, size_bytes bigint)[],
                derived_from varchar[],
                redactions struct("rule" varchar)[],
                stated struct(lines bigint, odd_lines bigint)
            )'
        }
    )
)
