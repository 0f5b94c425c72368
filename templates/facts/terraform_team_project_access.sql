-- table: terraform_team_project_access
-- row: one team's access to one project in one snapshot
-- kind: terraform.team-project-access/1
-- Source: HCP Terraform API, "Project team access", list team access to a project, fields as of 2026-11.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    a ->> '$.id' as access_id,
    a ->> '$.relationships.team.data.id' as team_id,
    a ->> '$.relationships.project.data.id' as project_id,
    a ->> '$.attributes.access' as access,
    a ->> '$.attributes."project-access".settings' as project_settings,
    a ->> '$.attributes."project-access".teams' as project_teams,
    a ->> '$.attributes."workspace-access".runs' as runs,
    a ->> '$.attributes."workspace-access".variables' as variables,
    a ->> '$.attributes."workspace-access"."state-versions"' as state_versions,
    a ->> '$.attributes."workspace-access"."sentinel-mocks"' as sentinel_mocks,
    try_cast(a ->> '$.attributes."workspace-access".create' as boolean) as workspace_create,
    try_cast(a ->> '$.attributes."workspace-access".locking' as boolean) as workspace_locking,
    try_cast(a ->> '$.attributes."workspace-access".move' as boolean) as workspace_move,
    try_cast(a ->> '$.attributes."workspace-access".delete' as boolean) as workspace_delete,
    try_cast(a ->> '$.attributes."workspace-access"."run-tasks"' as boolean) as run_tasks,
    try_cast(a ->> '$.attributes."workspace-access"."policy-overrides"' as boolean) as policy_overrides
from (
    select filename, unnest("data") as a
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]'}
    )
) as body
