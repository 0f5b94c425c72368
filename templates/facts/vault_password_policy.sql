-- table: vault_password_policy
-- row: one password policy in one snapshot
-- kind: vault.password-policies/1
-- Source: Vault API, "Read password policy", fields of version 1.21. The name is that of the part; the list is another part of the record.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    regexp_extract(part, 'sys/policies/password/(.*)$', 1) as "name",
    "data" ->> '$.policy' as rules,
    try_cast(nullif(regexp_extract("data" ->> '$.policy', '(?m)^\s*length\s*=\s*(\d+)', 1), '') as bigint) as length
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 67108864,
    columns = {"data": 'json'}
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
where not part like '%sys/policies/password'
