-- table: boundary_target_source
-- row: one host source or credential source of one target in one single read
-- kind: boundary.target/1
-- Source: Boundary API, "Target", fields as of 2026-11. use is host, brokered-credential (the user gets to know it) or
-- injected-credential (only the worker does). parent_id is the host catalog or the credential store. type is that of a
-- credential source: vault-generic, vault-ssh-certificate, static and so on.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    target_id,
    used."use" as "use",
    used.item ->> '$.id' as source_id,
    used.item ->> '$.name' as "name",
    used.item ->> '$.type' as "type",
    used.item ->> '$.credential_type' as credential_type,
    coalesce(used.item ->> '$.credential_store_id', used.item ->> '$.host_catalog_id') as parent_id
from (
    select
        filename,
        x ->> '$.id' as target_id,
        unnest(list_concat(
            list_transform(coalesce(try_cast(x -> '$.host_sources' as json[]), []), lambda y: {'use': 'host', 'item': y}),
            list_transform(coalesce(try_cast(x -> '$.brokered_credential_sources' as json[]), []), lambda y: {'use': 'brokered-credential', 'item': y}),
            list_transform(coalesce(try_cast(x -> '$.injected_application_credential_sources' as json[]), []), lambda y: {'use': 'injected-credential', 'item': y})
        )) as used
    from (
        select
            filename,
            json as x
        from read_json_objects(
            getvariable('paths'),
            format = 'unstructured',
            filename = true,
            maximum_object_size = 16777216
        )
    )
)
