-- table: terraform_policy_set_scope
-- row: one thing that a policy set applies to, or is excluded from, in one snapshot
-- kind: terraform.policy-sets/1
-- Source: HCP Terraform API, "Policy sets", list policy sets, fields as of 2026-11.
-- scope is global, workspace, project, excluded-workspace or excluded-project; a global set has no target, and says nothing of
-- workspaces and projects. Exclusions win.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    p ->> '$.id' as policy_set_id,
    p ->> '$.attributes.name' as policy_set,
    target.scope as scope,
    target.id as target_id
from (
    select filename, p, unnest(list_concat(
        case when try_cast(p ->> '$.attributes.global' as boolean) then [{'scope': 'global', 'id': null::varchar}] else [] end,
        coalesce(list_transform(try_cast(p -> '$.relationships.workspaces.data' as json[]), lambda i: {'scope': 'workspace', 'id': i ->> '$.id'}), []),
        coalesce(list_transform(try_cast(p -> '$.relationships.projects.data' as json[]), lambda i: {'scope': 'project', 'id': i ->> '$.id'}), []),
        coalesce(list_transform(try_cast(p -> '$.relationships."workspace-exclusions".data' as json[]), lambda i: {'scope': 'excluded-workspace', 'id': i ->> '$.id'}), []),
        coalesce(list_transform(try_cast(p -> '$.relationships."project-exclusions".data' as json[]), lambda i: {'scope': 'excluded-project', 'id': i ->> '$.id'}), [])
    )) as target
    from (
        select filename, unnest("data") as p
        from read_json(
            getvariable('paths'),
            format = 'unstructured',
            filename = true,
            maximum_object_size = 16777216,
            columns = {"data": 'json[]'}
        )
    )
) as body
