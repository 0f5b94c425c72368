-- table: terraform_run_seen
-- row: one run in one page of a run list: terraform_run has the newest of each
-- kind: terraform.runs/1
-- Source: HCP Terraform API, "Runs", list runs in a workspace, fields as of 2026-11. changed_at is the latest of the status
-- timestamps: of two sightings in one collection, the later one is the newer state.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    r ->> '$.id' as run_id,
    r ->> '$.relationships.workspace.data.id' as workspace_id,
    r ->> '$.attributes.status' as status,
    (try_cast(r ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(stamp['applied-at'] as timestamptz) at time zone 'UTC')::timestamp_ns as applied_at,
    (try_cast(stamp['applying-at'] as timestamptz) at time zone 'UTC')::timestamp_ns as applying_at,
    (try_cast(stamp['confirmed-at'] as timestamptz) at time zone 'UTC')::timestamp_ns as confirmed_at,
    (try_cast(coalesce(stamp['planned-at'], stamp['planned-and-finished-at'], stamp['planned-and-saved-at']) as timestamptz) at time zone 'UTC')::timestamp_ns as planned_at,
    (try_cast(stamp['discarded-at'] as timestamptz) at time zone 'UTC')::timestamp_ns as discarded_at,
    (try_cast(coalesce(stamp['force-canceled-at'], stamp['canceled-at'], r ->> '$.attributes."canceled-at"') as timestamptz) at time zone 'UTC')::timestamp_ns as canceled_at,
    (try_cast(stamp['errored-at'] as timestamptz) at time zone 'UTC')::timestamp_ns as errored_at,
    (list_max(list_transform(map_values(stamp), lambda t: try_cast(t as timestamptz))) at time zone 'UTC')::timestamp_ns as changed_at,
    r ->> '$.relationships."created-by".data.id' as created_by,
    r ->> '$.relationships."confirmed-by".data.id' as confirmed_by,
    r ->> '$.relationships."canceled-by".data.id' as canceled_by,
    try_cast(r ->> '$.attributes."plan-only"' as boolean) as plan_only,
    try_cast(r ->> '$.attributes."is-destroy"' as boolean) as is_destroy,
    try_cast(r ->> '$.attributes."auto-apply"' as boolean) as auto_apply,
    r ->> '$.attributes.source' as run_source,
    r ->> '$.attributes."trigger-reason"' as trigger_reason,
    r ->> '$.attributes."terraform-version"' as terraform_version,
    r ->> '$.attributes.message' as message,
    coalesce(json_array_length(r -> '$.relationships."tf-policy-evaluations".data'), 0)::bigint as tf_policy_evaluations
from (
    select filename, r, coalesce(try_cast(r -> '$.attributes."status-timestamps"' as map(varchar, varchar)), map {}) as stamp
    from (
        select filename, unnest("data") as r
        from read_json(
            getvariable('paths'),
            format = 'unstructured',
            filename = true,
            maximum_object_size = 16777216,
            columns = {"data": 'json[]'}
        )
    )
)
