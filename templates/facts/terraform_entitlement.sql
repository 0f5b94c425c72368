-- table: terraform_entitlement
-- row: one feature of an organization's plan in one snapshot
-- kind: terraform.entitlements/1
-- Source: HCP Terraform API, "Organizations", show the entitlement set, fields as of 2026-11.
-- entitled is null for features that are limits or lists: value has them as received.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    nullif(regexp_extract(part, '/organizations/([^/?]+)/entitlement-set', 1), '') as organization,
    feature.key as feature,
    try_cast(feature.value ->> '$' as boolean) as entitled,
    feature.value ->> '$' as value
from (
    select filename, unnest(map_entries(coalesce(try_cast("data" -> '$.attributes' as map(varchar, json)), map {}))) as feature
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json'}
    )
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
