-- table: terraform_task_stage_seen
-- row: one task stage in one answer: terraform_task_stage has the newest of each
-- kind: terraform.task-stages/1
-- Source: HCP Terraform API, "Run task stages and results", list the run task stages in a run, fields as of 2026-11.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    coalesce(s ->> '$.relationships.run.data.id', nullif(regexp_extract(part, '/runs/([^/?]+)/task-stages', 1), '')) as run_id,
    s ->> '$.id' as task_stage_id,
    s ->> '$.attributes.stage' as stage,
    s ->> '$.attributes.status' as status,
    (try_cast(s ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(s ->> '$.attributes."status-timestamps"."awaiting-override-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as awaiting_override_at,
    (try_cast(s ->> '$.attributes."status-timestamps"."passed-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as passed_at,
    coalesce(list_transform(try_cast(s -> '$.relationships."policy-evaluations".data' as json[]), lambda e: e ->> '$.id'), []) as evaluations,
    coalesce(json_array_length(s -> '$.relationships."task-results".data'), 0)::bigint as task_results
from (
    select filename, unnest("data") as s
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]'}
    )
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
