-- table: branch_change_seen
-- row: one commit that landed on the protected branch, in each state that a collection found: branch_change has the newest
-- kind: codeowners.changes/1
-- part: changes.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the commits as git prints them.
select
    evidence,
    line,
    "source",
    branch,
    "commit",
    coalesce(parents, []) as parents,
    author,
    authored_at::timestamp_ns as authored_at,
    committer,
    committed_at::timestamp_ns as committed_at,
    pushed_at::timestamp_ns as pushed_at,
    landed_at::timestamp_ns as landed_at,
    subject,
    "signature",
    files,
    protected_files,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        branch: 'varchar',
        "commit": 'varchar',
        parents: 'varchar[]',
        author: 'varchar',
        authored_at: 'varchar',
        committer: 'varchar',
        committed_at: 'varchar',
        pushed_at: 'varchar',
        landed_at: 'varchar',
        subject: 'varchar',
        "signature": 'varchar',
        files: 'bigint',
        protected_files: 'bigint'
    }
)
