-- table: terraform_policy_evaluation_seen
-- row: one policy evaluation in one answer: terraform_policy_result has the newest of each
-- kind: terraform.policy-evaluations/1
-- Source: HCP Terraform API, "Policy evaluations", list policy evaluations in the task stage, fields as of 2026-11.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    e ->> '$.id' as evaluation_id,
    coalesce(e ->> '$.relationships."policy-attachable".data.id', nullif(regexp_extract(part, '/task-stages/([^/?]+)/policy-evaluations', 1), '')) as task_stage_id,
    e ->> '$.attributes."policy-kind"' as engine,
    e ->> '$.attributes.status' as status,
    (try_cast(e ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(coalesce(e ->> '$.attributes."status-timestamps"."failed-at"', e ->> '$.attributes."status-timestamps"."errored-at"') as timestamptz) at time zone 'UTC')::timestamp_ns as failed_at,
    (try_cast(e ->> '$.attributes."status-timestamps"."passed-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as passed_at,
    (try_cast(e ->> '$.attributes."status-timestamps"."overridden-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as overridden_at,
    coalesce(try_cast(e ->> '$.attributes."result-count"."advisory-failed"' as bigint), 0) as advisory_failed,
    coalesce(try_cast(e ->> '$.attributes."result-count"."mandatory-failed"' as bigint), 0) as mandatory_failed,
    coalesce(try_cast(e ->> '$.attributes."result-count".errored' as bigint), 0) as errored,
    coalesce(try_cast(e ->> '$.attributes."result-count".passed' as bigint), 0) as passed
from (
    select filename, unnest("data") as e
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]'}
    )
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
