-- table: terraform_policy_set
-- row: one policy set in one snapshot
-- kind: terraform.policy-sets/1
-- Source: HCP Terraform API, "Policy sets", list policy sets, and "Policy set versions", fields as of 2026-11.
-- version_ is the version that runs are checked against, newest_version_ the last one that was loaded, which may have failed. Where it
-- applies: terraform_policy_set_scope.
with body as (
    select filename, "data", included
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]', included: 'json[]'}
    )
),
policy_set as (
    select filename, unnest("data") as p from body
),
version as (
    select distinct filename, v ->> '$.id' as id, v
    from (select filename, unnest(included) as v from body)
    where v ->> '$.type' = 'policy-set-versions'
)
select
    'sha256:' || regexp_extract(policy_set.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    p ->> '$.id' as policy_set_id,
    p ->> '$.attributes.name' as policy_set,
    p ->> '$.relationships.organization.data.id' as organization,
    p ->> '$.attributes.description' as description,
    p ->> '$.attributes.kind' as engine,
    try_cast(p ->> '$.attributes.global' as boolean) as global,
    try_cast(p ->> '$.attributes.overridable' as boolean) as overridable,
    try_cast(p ->> '$.attributes."agent-enabled"' as boolean) as agent_enabled,
    p ->> '$.attributes."policy-tool-version"' as policy_tool_version,
    try_cast(p ->> '$.attributes.versioned' as boolean) as versioned,
    p ->> '$.attributes."vcs-repo".identifier' as repository,
    p ->> '$.attributes."vcs-repo".branch' as branch,
    p ->> '$.attributes."policies-path"' as policies_path,
    try_cast(p ->> '$.attributes."policy-count"' as bigint) as policy_count,
    try_cast(p ->> '$.attributes."workspace-count"' as bigint) as workspace_count,
    try_cast(p ->> '$.attributes."project-count"' as bigint) as project_count,
    coalesce(list_transform(try_cast(p -> '$.relationships.policies.data' as json[]), lambda i: i ->> '$.id'), []) as policies,
    (try_cast(p ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(p ->> '$.attributes."updated-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at,
    p ->> '$.relationships."current-version".data.id' as version_id,
    current.v ->> '$.attributes.status' as version_status,
    current.v ->> '$.attributes.source' as version_source,
    current.v ->> '$.attributes."ingress-attributes"."commit-sha"' as version_commit,
    (try_cast(current.v ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as version_created_at,
    p ->> '$.relationships."newest-version".data.id' as newest_version_id,
    newest.v ->> '$.attributes.status' as newest_version_status,
    nullif(newest.v ->> '$.attributes.error', '') as newest_version_error
from policy_set
left join version as current on current.filename = policy_set.filename and current.id = (p ->> '$.relationships."current-version".data.id')
left join version as newest on newest.filename = policy_set.filename and newest.id = (p ->> '$.relationships."newest-version".data.id')
