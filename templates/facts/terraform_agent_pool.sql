-- table: terraform_agent_pool
-- row: one agent pool in one snapshot
-- kind: terraform.agent-pools/1
-- Source: HCP Terraform API, "Agents and agent pools", list agent pools, fields as of 2026-11. Its tokens are in terraform_token.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    p ->> '$.id' as agent_pool_id,
    p ->> '$.attributes.name' as agent_pool,
    nullif(regexp_extract(part, '/organizations/([^/?]+)/agent-pools', 1), '') as organization,
    try_cast(p ->> '$.attributes."organization-scoped"' as boolean) as organization_scoped,
    try_cast(p ->> '$.attributes."agent-count"' as bigint) as agents,
    (try_cast(p ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at
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
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
