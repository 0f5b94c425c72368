-- table: vault_namespace
-- row: one namespace in one snapshot
-- kind: vault.namespaces/1
-- Source: Vault API (Enterprise), "List namespaces", fields of version 1.21. The namespaces are the members of "key_info", whose keys are their names.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as parent,
    trim(coalesce(nullif(regexp_extract(part, '^([^ ]+)/: ', 1), '') || '/', '') || item.key, '/') as path,
    item.value ->> '$.id' as namespace_id,
    (item.value -> '$.custom_metadata')::varchar as custom_metadata
from (
    select filename, unnest(map_entries("data".key_info)) as item
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864,
        columns = {"data": 'struct(key_info map(varchar, json))'}
    )
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
