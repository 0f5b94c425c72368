-- table: terraform_tf_policy_evaluation_seen
-- row: one Terraform policy evaluation that a run names, in one answer: terraform_tf_policy_evaluation has the newest of each
-- kind: terraform.tf-policy-evaluations/1
-- Source: go-tfe 1.111.2, Runs.ReadWithOptions, include tf_policy_evaluations; not documented.
-- Kept as received and not judged: attributes is JSON as received, null where the server did not include the evaluation.
with body as (
    select filename, "data" as r, coalesce(included, []) as included
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json', included: 'json[]'}
    )
),
named as (
    select filename, r ->> '$.id' as run_id, unnest(coalesce(list_transform(try_cast(r -> '$.relationships."tf-policy-evaluations".data' as json[]), lambda i: i ->> '$.id'), [])) as id
    from body
),
evaluation as (
    select distinct filename, e ->> '$.id' as id, e
    from (select filename, unnest(included) as e from body)
    where e ->> '$.type' = 'tf-policy-evaluations'
)
select
    'sha256:' || regexp_extract(named.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    run_id,
    named.id as tf_policy_evaluation_id,
    e ->> '$.attributes.status' as status,
    (e -> '$.attributes')::varchar as attributes
from named
left join evaluation on evaluation.filename = named.filename and evaluation.id = named.id
