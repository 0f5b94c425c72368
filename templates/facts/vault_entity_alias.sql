-- table: vault_entity_alias
-- row: one alias of an entity in one snapshot
-- kind: vault.entity-aliases/1
-- Source: Vault API, "List entity aliases by ID", fields of version 1.21. The aliases are the members of "key_info".
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    item.key as alias_id,
    item.value ->> '$.name' as "name",
    item.value ->> '$.canonical_id' as entity_id,
    item.value ->> '$.mount_accessor' as mount_accessor,
    item.value ->> '$.mount_path' as mount_path,
    item.value ->> '$.mount_type' as mount_type,
    try_cast(item.value ->> '$.local' as boolean) as "local",
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
