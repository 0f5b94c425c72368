-- table: terraform_project
-- row: one project in one snapshot
-- kind: terraform.projects/1
-- Source: HCP Terraform API, "Projects", list projects, fields as of 2026-11.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    p ->> '$.id' as project_id,
    p ->> '$.attributes.name' as project,
    p ->> '$.relationships.organization.data.id' as organization,
    p ->> '$.attributes.description' as description,
    p ->> '$.attributes."default-execution-mode"' as default_execution_mode
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
