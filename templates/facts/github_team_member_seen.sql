-- table: github_team_member_seen
-- row: one member of a team in one answer
-- kind: github.team-members/1
-- Source: GitHub REST API documentation, "List team members", fields as of 2026-11. The answer
-- does not name the team: the name of its part does, in table record.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    "login" ->> '$' as login,
    try_cast("id" ->> '$' as bigint) as user_id
from read_json(
    getvariable('paths'),
    format = 'array',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"login": 'json', "id": 'json'}
)
