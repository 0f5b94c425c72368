-- table: codeowners_rule_version
-- row: one line of a CODEOWNERS file, in each state that a collection found
-- kind: codeowners.rules/1
-- part: rules.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    "file",
    pattern,
    coalesce(owners, []) as owners,
    problem,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        "file": 'varchar',
        pattern: 'varchar',
        owners: 'varchar[]',
        problem: 'varchar'
    }
)
