-- table: terraform_policy_check_seen
-- row: one policy in one policy check, in one answer: terraform_policy_result has the newest of each
-- kind: terraform.policy-checks/1
-- Source: HCP Terraform API, "Policy checks", list policy checks, fields as of 2026-11. result.sentinel is the engine's own and
-- may change or be absent. Where it names no policy there is one row for each class that the counts name, its policy null; where
-- there are no counts either, one row for the check. The engine marks a failed advisory policy by allowed-failure; which of the
-- others are soft or hard mandatory the counts say, or else whether the set can be overridden. Of a policy that passed it does not
-- name the level.
with body as (
    select filename, unnest("data") as c
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
policy_check as (
    select
        'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
        coalesce(c ->> '$.relationships.run.data.id', nullif(regexp_extract(part, '/runs/([^/?]+)/policy-checks', 1), '')) as run_id,
        c ->> '$.id' as check_id,
        c ->> '$.attributes.scope' as scope,
        c ->> '$.attributes.status' as check_status,
        (try_cast(c ->> '$.attributes."status-timestamps"."queued-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as queued_at,
        (try_cast(c ->> '$.attributes."status-timestamps"."passed-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as passed_at,
        (try_cast(coalesce(c ->> '$.attributes."status-timestamps"."soft-failed-at"', c ->> '$.attributes."status-timestamps"."hard-failed-at"') as timestamptz) at time zone 'UTC')::timestamp_ns as failed_at,
        (try_cast(c ->> '$.attributes."status-timestamps"."overridden-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as overridden_at,
        coalesce(try_cast(c ->> '$.attributes.result.passed' as bigint), 0) as passed,
        coalesce(try_cast(c ->> '$.attributes.result."hard-failed"' as bigint), 0) as hard_failed,
        coalesce(try_cast(c ->> '$.attributes.result."soft-failed"' as bigint), 0) as soft_failed,
        coalesce(try_cast(c ->> '$.attributes.result."advisory-failed"' as bigint), 0) as advisory_failed,
        coalesce(try_cast(c -> '$.attributes.result.sentinel.data' as map(varchar, json)), map {}) as sets
    from body
    join part on part.filename = body.filename
),
policy_set as (
    select *, entry.key as policy_set, entry.value as detail
    from (select *, unnest(map_entries(sets)) as entry from policy_check)
),
policy as (
    select *, unnest(coalesce(try_cast(detail -> '$.policies' as json[]), [])) as p
    from policy_set
),
named as (
    select
        check_id, evidence, policy_set,
        case when starts_with(p ->> '$.policy', policy_set || '/') then substr(p ->> '$.policy', len(policy_set) + 2) else p ->> '$.policy' end as policy,
        case
            when try_cast(p ->> '$.result' as boolean) then null
            when try_cast(p ->> '$."allowed-failure"' as boolean) then 'advisory'
            when hard_failed = 0 and soft_failed > 0 then 'soft-mandatory'
            when soft_failed = 0 and hard_failed > 0 then 'hard-mandatory'
            when try_cast(detail ->> '$."can-override"' as boolean) then 'soft-mandatory'
            else 'mandatory'
        end as enforcement_level,
        case
            when nullif(p ->> '$.error', '') is not null then 'errored'
            when try_cast(p ->> '$.result' as boolean) then 'passed'
            when not try_cast(p ->> '$.result' as boolean) then 'failed'
            else 'unknown'
        end as outcome
    from policy
),
class as (
    select check_id, evidence, null::varchar as policy_set, null::varchar as policy, c.enforcement_level, c.outcome
    from (
        select check_id, evidence, unnest([
            {'enforcement_level': 'hard-mandatory', 'outcome': 'failed', 'policies': hard_failed},
            {'enforcement_level': 'soft-mandatory', 'outcome': 'failed', 'policies': soft_failed},
            {'enforcement_level': 'advisory', 'outcome': 'failed', 'policies': advisory_failed},
            {'enforcement_level': null, 'outcome': 'passed', 'policies': passed}
        ]) as c
        from policy_check
        where not exists (from named where named.check_id = policy_check.check_id and named.evidence = policy_check.evidence)
    )
    where c.policies > 0
),
known as (
    from named union all from class
)
select
    policy_check.evidence,
    1::bigint as line,
    getvariable('source') as source,
    run_id,
    policy_check.check_id,
    scope,
    check_status,
    queued_at,
    failed_at,
    overridden_at,
    case
        when check_status = 'overridden' then coalesce(overridden_at, failed_at)
        when check_status in ('soft_failed', 'hard_failed') then failed_at
        when check_status = 'passed' then passed_at
    end as completed_at,
    policy_set,
    policy,
    enforcement_level,
    case
        when outcome is not null then outcome
        when check_status in ('soft_failed', 'hard_failed', 'overridden') then 'failed'
        when check_status in ('passed', 'errored') then check_status
        else 'unknown'
    end as outcome
from policy_check
left join known on known.check_id = policy_check.check_id and known.evidence = policy_check.evidence
