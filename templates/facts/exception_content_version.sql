-- table: exception_content_version
-- row: one content that an exception file had in the history of its folder, in each state of the history that a collection found
-- kind: exceptions.life/1
-- part: contents.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the content as git keeps it.
select
    evidence,
    line,
    "source",
    "file",
    exception_id,
    renews,
    control,
    resource,
    reason,
    risk_level,
    risk_owner,
    requested_by,
    approved_by,
    approved_date,
    expiry_date,
    review_date,
    coalesce(compensating_controls, []) as compensating_controls,
    coalesce(criterion_impact, []) as criterion_impact,
    coalesce(problems, []) as problems,
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
        exception_id: 'varchar',
        renews: 'varchar',
        control: 'varchar',
        resource: 'varchar',
        reason: 'varchar',
        risk_level: 'varchar',
        risk_owner: 'varchar',
        requested_by: 'varchar',
        approved_by: 'varchar',
        approved_date: 'date',
        expiry_date: 'date',
        review_date: 'date',
        compensating_controls: 'varchar[]',
        criterion_impact: 'varchar[]',
        problems: 'varchar[]'
    }
)
