-- table: branch_rewrite
-- row: one collection that no longer found in the branch's history the commit where the collection before had seen it end
-- kind: codeowners.rewrites/1
-- part: rewrites.ndjson
select
    evidence,
    line,
    "source",
    branch,
    tip,
    previous_tip,
    relation,
    server_confirmed,
    collected_at::timestamp_ns as collected_at
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        branch: 'varchar',
        tip: 'varchar',
        previous_tip: 'varchar',
        relation: 'varchar',
        server_confirmed: 'boolean',
        collected_at: 'varchar'
    }
)
