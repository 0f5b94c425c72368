-- table: terraform_policy
-- row: one policy that is managed by itself, in one snapshot
-- kind: terraform.policies/1
-- Source: HCP Terraform API, "Policies", list policies, fields as of 2026-11.
-- Policies in the repository of a policy set are not among them: their levels are in the outcomes of runs. Older servers have the level in enforce.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    p ->> '$.id' as policy_id,
    p ->> '$.attributes.name' as policy,
    p ->> '$.relationships.organization.data.id' as organization,
    p ->> '$.attributes.kind' as engine,
    coalesce(p ->> '$.attributes."enforcement-level"', p ->> '$.attributes.enforce[0].mode') as enforcement_level,
    p ->> '$.attributes.description' as description,
    p ->> '$.attributes.query' as query,
    try_cast(p ->> '$.attributes."policy-set-count"' as bigint) as policy_set_count,
    coalesce(list_transform(try_cast(p -> '$.relationships."policy-sets".data' as json[]), lambda i: i ->> '$.id'), []) as policy_sets,
    (try_cast(p ->> '$.attributes."updated-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at
from (
    select filename, unnest("data") as p
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]'}
    )
) as body
