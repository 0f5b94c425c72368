-- table: branch_change_path_seen
-- row: one protected file that one commit of the branch changed, in each state that a collection found: branch_change_path has the newest
-- kind: codeowners.change-paths/1
-- part: change-paths.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the commits as git prints them.
select
    evidence,
    line,
    "source",
    branch,
    "commit",
    landed_at::timestamp_ns as landed_at,
    "path",
    other_path,
    change,
    protected,
    purpose,
    coalesce(required_owners, []) as required_owners,
    codeowners_file,
    codeowners,
    rule_line,
    pattern,
    coalesce(owners, []) as owners,
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
        landed_at: 'varchar',
        "path": 'varchar',
        other_path: 'varchar',
        change: 'varchar',
        protected: 'varchar',
        purpose: 'varchar',
        required_owners: 'varchar[]',
        codeowners_file: 'varchar',
        codeowners: 'varchar',
        rule_line: 'bigint',
        pattern: 'varchar',
        owners: 'varchar[]'
    }
)
