-- table: protected_branch
-- row: the protected branch of a source as the newest collection found it on the server
-- from: github_branch_seen, record
select
    seen.evidence,
    seen.line,
    r.source,
    seen.branch,
    seen.tip,
    seen.protected,
    r."at",
    r.entry
from github_branch_seen as seen
join record as r on r.blob = seen.evidence and r.kind = 'github.branch/1'
where r.entry = (select max(n.entry) from record as n where n.kind = r.kind and n.source = r.source)
