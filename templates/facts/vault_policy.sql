-- table: vault_policy
-- row: one ACL policy in one snapshot
-- kind: vault.acl-policies/1
-- Source: Vault API, "Read ACL policy", fields of version 1.21.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    coalesce("data"."name", "name") as "name",
    coalesce("data".policy, "data".rules, policy, rules) as rules
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 67108864,
    columns = {
        "name": 'varchar',
        policy: 'varchar',
        rules: 'varchar',
        "data": 'struct("name" varchar, policy varchar, rules varchar)'
    }
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
where coalesce("data"."name", "name") is not null -- the list of names is another part of the record
