-- table: terraform_team
-- row: one team in one snapshot
-- kind: terraform.teams/1
-- Source: HCP Terraform API, "Teams", list teams, fields as of 2026-11.
-- organization_access names what is granted over the whole organization, sorted; members are ids of users.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    t ->> '$.id' as team_id,
    t ->> '$.attributes.name' as team,
    nullif(regexp_extract(part, '/organizations/([^/?]+)/teams', 1), '') as organization,
    t ->> '$.attributes."sso-team-id"' as sso_team_id,
    t ->> '$.attributes.visibility' as visibility,
    try_cast(t ->> '$.attributes."users-count"' as bigint) as users_count,
    try_cast(t ->> '$.attributes."allow-member-token-management"' as boolean) as member_tokens_allowed,
    list_sort(list_transform(list_filter(map_entries(coalesce(try_cast(t -> '$.attributes."organization-access"' as map(varchar, json)), map {})), lambda g: try_cast(g.value ->> '$' as boolean)), lambda g: g.key)) as organization_access,
    coalesce(list_transform(try_cast(t -> '$.relationships.users.data' as json[]), lambda i: i ->> '$.id'), []) as members,
    coalesce(list_transform(try_cast(t -> '$.relationships."organization-memberships".data' as json[]), lambda i: i ->> '$.id'), []) as memberships
from (
    select filename, unnest("data") as t
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]'}
    )
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
