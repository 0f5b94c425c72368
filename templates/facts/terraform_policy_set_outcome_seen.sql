-- table: terraform_policy_set_outcome_seen
-- row: one policy's outcome in one policy set of one evaluation, in one answer: terraform_policy_result has the newest of each
-- kind: terraform.policy-set-outcomes/1
-- Source: HCP Terraform API, "Policy evaluations", list policy outcomes, fields as of 2026-11: outcomes are written with
-- underscores. A set that holds no outcome, because it could not be evaluated, is one row.
with body as (
    select filename, unnest("data") as o
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]'}
    )
),
part as (
    select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part
),
policy_set as (
    select
        'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
        o ->> '$.id' as policy_set_outcome_id,
        coalesce(o ->> '$.relationships."policy-evaluation".data.id', nullif(regexp_extract(part, '/policy-evaluations/([^/?]+)/policy-set-outcomes', 1), '')) as evaluation_id,
        o ->> '$.attributes."policy-set-name"' as policy_set,
        try_cast(o ->> '$.attributes.overridable' as boolean) as overridable,
        nullif(o ->> '$.attributes.error', '') as set_error,
        try_cast(o -> '$.attributes.outcomes' as json[]) as outcomes
    from body
    join part on part.filename = body.filename
),
policy as (
    select *, unnest(case when len(outcomes) > 0 then outcomes else [null::json] end) as p
    from policy_set
)
select
    evidence,
    1::bigint as line,
    getvariable('source') as source,
    evaluation_id,
    policy_set_outcome_id,
    policy_set,
    overridable,
    set_error,
    coalesce(p ->> '$.policy_name', p ->> '$."policy-name"') as policy,
    coalesce(p ->> '$.enforcement_level', p ->> '$."enforcement-level"') as enforcement_level,
    case
        when (p ->> '$.status') in ('passed', 'failed', 'errored') then p ->> '$.status'
        when p is null and set_error is not null then 'errored'
        else 'unknown'
    end as outcome
from policy
