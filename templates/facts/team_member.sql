-- table: team_member
-- row: one member of a team that owns paths, as the newest collection of that team found it; a team without members is a row without login
-- from: github_team_member_seen, record
with asked as (
    select distinct
        source,
        blob,
        entry,
        "at",
        lower(regexp_extract("name", '^/orgs/([^/]+)/teams/([^/]+)/members', 1) || '/' || regexp_extract("name", '^/orgs/([^/]+)/teams/([^/]+)/members', 2)) as team
    from record
    where kind = 'github.team-members/1'
)
select
    asked.blob as evidence,
    1::bigint as line,
    asked.source,
    '@' || asked.team as team,
    asked."at",
    seen.login,
    seen.user_id
from asked
left join github_team_member_seen as seen on seen.evidence = asked.blob
where asked.entry = (select max(n.entry) from asked as n where n.source = asked.source and n.team = asked.team)
