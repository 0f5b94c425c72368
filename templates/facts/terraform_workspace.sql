-- table: terraform_workspace
-- row: one workspace in one snapshot
-- kind: terraform.workspaces/1
-- Source: HCP Terraform API, "Workspaces", list workspaces, fields as of 2026-11.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
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
    (try_cast(w ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at
from (
    select filename, unnest("data") as w
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]'}
    )
)
