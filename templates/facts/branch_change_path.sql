-- table: branch_change_path
-- row: one protected file that one commit of the branch changed, as the newest collection of that commit found it
-- from: branch_change_path_seen, branch_change_seen, record
-- Which paths are protected is configured: a path that is so no longer has no row in the newest collection of its commit, and none here.
with entry as (
    select blob, max(entry) as entry from record group by blob
),
newest as (
    select c."source", c.branch, c."commit", max(entry.entry) as entry
    from branch_change_seen as c
    join entry on entry.blob = c.parsed
    group by c."source", c.branch, c."commit"
)
select
    p.* exclude (parsed)
from branch_change_path_seen as p
join entry on entry.blob = p.parsed
join newest on newest."source" = p."source" and newest.branch = p.branch and newest."commit" = p."commit" and newest.entry = entry.entry
