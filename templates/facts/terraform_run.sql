-- table: terraform_run
-- row: one run as it stood when it was collected last
-- from: terraform_run_seen, terraform_run_actor, terraform_workspace, record
-- The last collection is the one of the highest journal entry. Names are those of the newest snapshot of the workspaces. Who applied,
-- discarded or canceled, and the names of persons, are from terraform_run_actor.
with entry as (
    select blob, max(entry) as entry from record group by blob
),
newest as (
    select seen.*, row_number() over (partition by run_id order by coalesce(entry.entry, 0) desc, changed_at desc nulls last, evidence desc) as place
    from terraform_run_seen as seen
    left join entry on entry.blob = seen.evidence
),
named as (
    select *, row_number() over (partition by workspace_id order by "at" desc nulls last, evidence desc, source) as place
    from terraform_workspace
),
acted as (
    select
        run_id,
        max(actor_name) filter (act = 'created') as created_by_name,
        max(actor_name) filter (act = 'confirmed') as confirmed_by_name,
        max(coalesce(actor_name, actor)) filter (act = 'applied') as applied_by,
        max(coalesce(actor_name, actor)) filter (act = 'discarded') as discarded_by,
        max(coalesce(actor_name, actor)) filter (act = 'canceled') as canceled_by
    from terraform_run_actor
    group by run_id
)
select
    newest.evidence,
    newest.line,
    newest.source,
    newest.run_id,
    newest.workspace_id,
    named.workspace,
    named.organization,
    status,
    newest.created_at,
    applied_at,
    applying_at,
    confirmed_at,
    planned_at,
    created_by,
    confirmed_by,
    plan_only,
    is_destroy,
    newest.auto_apply,
    run_source,
    message,
    tf_policy_evaluations,
    discarded_at,
    canceled_at,
    errored_at,
    trigger_reason,
    newest.terraform_version,
    created_by_name,
    confirmed_by_name,
    applied_by,
    discarded_by,
    acted.canceled_by
from newest
left join acted on acted.run_id = newest.run_id
left join named on named.workspace_id = newest.workspace_id and named.place = 1
where newest.place = 1
