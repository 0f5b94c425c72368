-- table: codeowners_path_version
-- row: one protected path and the rule that decides, in each state that a collection found
-- kind: codeowners.paths/1
-- part: paths.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    "path",
    protected,
    purpose,
    pattern,
    coalesce(owners, []) as owners,
    coalesce(required_owners, []) as required_owners,
    "exists",
    files,
    "commit",
    author,
    committed_at::timestamp_ns as committed_at,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        "path": 'varchar',
        protected: 'varchar',
        purpose: 'varchar',
        pattern: 'varchar',
        owners: 'varchar[]',
        required_owners: 'varchar[]',
        "exists": 'boolean',
        files: 'bigint',
        "commit": 'varchar',
        author: 'varchar',
        committed_at: 'varchar'
    }
)
