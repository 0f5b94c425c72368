-- table: vault_entity
-- row: one identity entity in one snapshot
-- kind: vault.entities/1
-- Source: Vault API, "Read entity by ID", fields of version 1.21. The list is another part of the record.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    "data" ->> '$.id' as entity_id,
    "data" ->> '$.name' as "name",
    try_cast("data" ->> '$.disabled' as boolean) as disabled,
    coalesce(try_cast("data" -> '$.policies' as varchar[]), []) as policies,
    coalesce(try_cast("data" -> '$.direct_group_ids' as varchar[]), []) as direct_group_ids,
    coalesce(try_cast("data" -> '$.inherited_group_ids' as varchar[]), []) as inherited_group_ids,
    coalesce(json_array_length("data" -> '$.aliases'), 0)::bigint as aliases,
    coalesce(try_cast("data" -> '$.merged_entity_ids' as varchar[]), []) as merged_entity_ids,
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
where not part like '%identity/entity/id'
