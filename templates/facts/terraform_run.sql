-- table: terraform_run
-- row: one run as it stood when it was collected last
-- from: terraform_run_seen, terraform_workspace, record
-- The last collection is the one of the highest journal entry. Names are those of the newest snapshot of the workspaces.
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
)
select
    newest.evidence,
    newest.line,
    newest.source,
    run_id,
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
    tf_policy_evaluations
from newest
left join named on named.workspace_id = newest.workspace_id and named.place = 1
where newest.place = 1
