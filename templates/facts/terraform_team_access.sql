-- table: terraform_team_access
-- row: one team's access to one workspace in one snapshot
-- kind: terraform.team-access/1
-- Source: HCP Terraform API, "Team access", list team access to a workspace, fields as of 2026-11.
-- What a team may do through its organization access or its access to the project comes on top.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    a ->> '$.id' as access_id,
    a ->> '$.relationships.team.data.id' as team_id,
    a ->> '$.relationships.workspace.data.id' as workspace_id,
    a ->> '$.attributes.access' as access,
    a ->> '$.attributes.runs' as runs,
    a ->> '$.attributes.variables' as variables,
    a ->> '$.attributes."state-versions"' as state_versions,
    a ->> '$.attributes."sentinel-mocks"' as sentinel_mocks,
    try_cast(a ->> '$.attributes."workspace-locking"' as boolean) as workspace_locking,
    try_cast(a ->> '$.attributes."run-tasks"' as boolean) as run_tasks,
    try_cast(a ->> '$.attributes."policy-overrides"' as boolean) as policy_overrides
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
