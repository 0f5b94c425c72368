-- table: vault_group
-- row: one identity group in one snapshot
-- kind: vault.groups/1
-- Source: Vault API, "Read group by ID", fields of version 1.21. The list is another part of the record; an internal group has an empty alias.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    "data" ->> '$.id' as group_id,
    "data" ->> '$.name' as "name",
    "data" ->> '$.type' as "type",
    coalesce(try_cast("data" -> '$.policies' as varchar[]), []) as policies,
    coalesce(try_cast("data" -> '$.member_entity_ids' as varchar[]), []) as member_entity_ids,
    coalesce(try_cast("data" -> '$.member_group_ids' as varchar[]), []) as member_group_ids,
    coalesce(try_cast("data" -> '$.parent_group_ids' as varchar[]), []) as parent_group_ids,
    nullif("data" ->> '$.alias.id', '') as alias_id,
    nullif("data" ->> '$.alias.name', '') as alias_name,
    nullif("data" ->> '$.alias.mount_accessor', '') as alias_mount_accessor,
    (try_cast("data" ->> '$.creation_time' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast("data" ->> '$.last_update_time' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at,
    ("data" -> '$.metadata')::varchar as metadata
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 67108864,
    columns = {"data": 'json'}
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
where not part like '%identity/group/id'
