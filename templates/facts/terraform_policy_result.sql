-- table: terraform_policy_result
-- row: one policy's outcome in one run, from the newest collection of its check or evaluation
-- from: terraform_policy_check_seen, terraform_policy_evaluation_seen, terraform_policy_set_outcome_seen, terraform_task_stage, terraform_run_event, record
-- completed_at is null while a check has come to no result: pending, running, canceled, errored, unreachable.
-- Overridden are outcomes that failed at a mandatory level in a check or evaluation that was overridden. A task stage that was
-- overridden reads passed afterwards; that it had waited for an override tells. Who did it is in no check: it is the actor of
-- the run event that touches the check, the evaluation or its task stage, nearest in time to the override; where events name no
-- target, of an event whose action speaks of an override. Without a comment of its own, the last comment that the same actor
-- made on the run between the failure and a minute after the override counts.
with entry as (
    select blob, max(entry) as entry from record group by blob
),
policy_check as (
    select seen.*, dense_rank() over (partition by check_id order by coalesce(entry.entry, 0) desc, evidence desc) as place
    from terraform_policy_check_seen as seen
    left join entry on entry.blob = seen.evidence
),
evaluation as (
    select seen.*, row_number() over (partition by evaluation_id order by coalesce(entry.entry, 0) desc, evidence desc) as place
    from terraform_policy_evaluation_seen as seen
    left join entry on entry.blob = seen.evidence
),
outcome as (
    select seen.*, dense_rank() over (partition by policy_set_outcome_id order by coalesce(entry.entry, 0) desc, evidence desc) as place
    from terraform_policy_set_outcome_seen as seen
    left join entry on entry.blob = seen.evidence
),
result as (
    select
        evidence, line, run_id, 'sentinel' as engine, 'policy-check' as source, source as source_name, policy_set, policy, enforcement_level,
        outcome, check_id, check_status, completed_at, check_status = 'overridden' or overridden_at is not null as check_overridden,
        outcome = 'failed' and coalesce(enforcement_level, '') <> 'advisory' and coalesce(enforcement_level, '') <> 'hard-mandatory' as blocking,
        failed_at, overridden_at, null::varchar as task_stage_id
    from policy_check
    where place = 1
    union all
    select
        coalesce(outcome.evidence, evaluation.evidence) as evidence, 1::bigint as line, stage.run_id, evaluation.engine, 'policy-evaluation' as source,
        evaluation.source as source_name, policy_set, policy, enforcement_level,
        case
            when outcome.evaluation_id is not null then outcome.outcome
            when evaluation.status in ('passed', 'failed', 'errored') then evaluation.status
            when evaluation.status = 'overridden' then 'failed'
            else 'unknown'
        end as outcome,
        evaluation.evaluation_id as check_id, evaluation.status as check_status,
        case
            when evaluation.status = 'overridden' then coalesce(evaluation.overridden_at, evaluation.failed_at)
            when evaluation.status = 'failed' then evaluation.failed_at
            when evaluation.status = 'passed' then evaluation.passed_at
        end as completed_at,
        evaluation.status = 'overridden' or evaluation.overridden_at is not null
            or (stage.awaiting_override_at is not null and stage.status in ('passed', 'running') and evaluation.status <> 'passed') as check_overridden,
        coalesce(outcome.outcome, 'failed') = 'failed' and coalesce(enforcement_level, '') <> 'advisory' and coalesce(overridable, true) as blocking,
        coalesce(evaluation.failed_at, stage.awaiting_override_at) as failed_at, evaluation.overridden_at, evaluation.task_stage_id
    from evaluation
    left join outcome on outcome.evaluation_id = evaluation.evaluation_id and outcome.place = 1
    left join terraform_task_stage as stage on stage.task_stage_id = evaluation.task_stage_id
    where evaluation.place = 1
),
overridden_check as (
    select distinct run_id, check_id, task_stage_id, failed_at, overridden_at
    from result
    where check_overridden
),
candidate as (
    select
        c.check_id, e.event_id, e.actor, e.actor_name, e.created_at, e.comment, c.failed_at,
        row_number() over (
            partition by c.check_id
            order by e.target_id is null or e.target_id not in (c.check_id, coalesce(c.task_stage_id, c.check_id)),
                "action" not like '%overrid%',
                abs(epoch_us(e.created_at) - epoch_us(coalesce(c.overridden_at, e.created_at))),
                e.created_at desc, e.event_id
        ) as place
    from overridden_check as c
    join terraform_run_event as e
        on e.run_id = c.run_id and e.actor is not null
        and e.created_at >= coalesce(c.failed_at, e.created_at) - interval 1 minute
        and (e.target_id in (c.check_id, coalesce(c.task_stage_id, c.check_id)) or "action" like '%overrid%' and (e.target_id is null or e.target_type = 'runs'))
),
remark as (
    select candidate.check_id, arg_max(e.comment, (e.created_at, e.event_id)) as comment
    from candidate
    join overridden_check as c on c.check_id = candidate.check_id
    join terraform_run_event as e
        on e.run_id = c.run_id and e.actor = candidate.actor and e.comment is not null
        and e.created_at >= coalesce(c.failed_at, candidate.created_at) and e.created_at <= candidate.created_at + interval 1 minute
    where candidate.place = 1
    group by candidate.check_id
)
select
    result.evidence, result.line, result.run_id, engine, source, source_name, policy_set, policy, enforcement_level, outcome,
    result.check_id, check_status, completed_at,
    check_overridden and blocking as overridden,
    case when check_overridden and blocking then coalesce(candidate.actor_name, candidate.actor) end as overridden_by,
    case when check_overridden and blocking then coalesce(candidate.comment, remark.comment) end as override_comment,
    case when check_overridden and blocking then coalesce(result.overridden_at, candidate.created_at) end as overridden_at
from result
left join candidate on candidate.check_id = result.check_id and candidate.place = 1
left join remark on remark.check_id = result.check_id
