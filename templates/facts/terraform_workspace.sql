-- table: terraform_workspace
-- row: one workspace in one snapshot
-- kind: terraform.workspaces/1
-- Source: HCP Terraform API, "Workspaces", list workspaces, fields as of 2026-11. tags are the flat ones, tag_bindings those of a key and a
-- value that are in effect, as "key=value", which newer servers include.
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
workspace as (
    select filename, unnest("data") as w from body
),
binding as (
    select distinct filename, b ->> '$.id' as id, concat_ws('=', b ->> '$.attributes.key', b ->> '$.attributes.value') as "text"
    from (select filename, unnest(included) as b from body)
    where b ->> '$.type' = 'effective-tag-bindings'
),
bound as (
    select bound.filename, workspace_id, list("text" order by "text") as tag_bindings
    from (
        select filename, w ->> '$.id' as workspace_id, unnest(coalesce(list_transform(try_cast(w -> '$.relationships."effective-tag-bindings".data' as json[]), lambda i: i ->> '$.id'), [])) as id
        from workspace
    ) as bound
    join binding on binding.filename = bound.filename and binding.id = bound.id
    group by bound.filename, workspace_id
)
select
    'sha256:' || regexp_extract(workspace.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    w ->> '$.id' as workspace_id,
    w ->> '$.attributes.name' as workspace,
    w ->> '$.relationships.organization.data.id' as organization,
    w ->> '$.relationships.project.data.id' as project_id,
    try_cast(w ->> '$.attributes."auto-apply"' as boolean) as auto_apply,
    w ->> '$.attributes."execution-mode"' as execution_mode,
    w ->> '$.attributes."terraform-version"' as terraform_version,
    coalesce(try_cast(w -> '$.attributes."tag-names"' as varchar[]), []) as tags,
    (try_cast(w ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(w ->> '$.attributes."updated-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at,
    w ->> '$.attributes.description' as description,
    try_cast(w ->> '$.attributes.locked' as boolean) as locked,
    try_cast(w ->> '$.attributes."auto-apply-run-trigger"' as boolean) as auto_apply_run_trigger,
    try_cast(w ->> '$.attributes."allow-destroy-plan"' as boolean) as allow_destroy_plan,
    try_cast(w ->> '$.attributes."queue-all-runs"' as boolean) as queue_all_runs,
    try_cast(w ->> '$.attributes."speculative-enabled"' as boolean) as speculative_enabled,
    try_cast(w ->> '$.attributes."file-triggers-enabled"' as boolean) as file_triggers_enabled,
    try_cast(w ->> '$.attributes."global-remote-state"' as boolean) as global_remote_state,
    try_cast(w ->> '$.attributes."assessments-enabled"' as boolean) as assessments_enabled,
    w ->> '$.attributes.source' as workspace_source,
    w ->> '$.attributes."working-directory"' as working_directory,
    w ->> '$.attributes."vcs-repo".identifier' as repository,
    w ->> '$.attributes."vcs-repo".branch' as branch,
    w ->> '$.relationships."agent-pool".data.id' as agent_pool_id,
    coalesce(bound.tag_bindings, []) as tag_bindings
from workspace
left join bound on bound.filename = workspace.filename and bound.workspace_id = (w ->> '$.id')
