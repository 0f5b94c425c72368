-- table: terraform_policy_check_log_seen
-- row: one text that policy checks logged: terraform_policy_check_log has the newest of each check
-- kind: terraform.policy-check-logs/1
-- Source: go-tfe 1.111.2, PolicyChecks.Logs; the link output of a policy check.
-- The text is the engine's own: `auditpack evidence cat` shows it. result is what its sentence of that form says; where several say
-- so, for a policy can print it too, false wins. Checks that logged the same text share the blob.
with text as (
    select filename, count(*) as lines, min(nullif(regexp_extract("text", '^Sentinel Result: *(\w+)', 1), '')) as result
    from read_csv(
        getvariable('paths'),
        filename = true,
        header = false,
        auto_detect = false,
        delim = '\x1f',
        quote = '',
        escape = '',
        new_line = '\n',
        strict_mode = false,
        null_padding = false,
        ignore_errors = true,
        max_line_size = 4194304,
        buffer_size = 8388608,
        columns = {"text": 'varchar'}
    )
    group by filename
)
select
    'sha256:' || regexp_extract(named.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    result,
    coalesce(lines, 0)::bigint as lines
from (select unnest(getvariable('paths')) as filename) as named
left join text on text.filename = named.filename
