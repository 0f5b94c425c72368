-- table: terraform_task_stage
-- row: one task stage as it stood when it was collected last
-- from: terraform_task_stage_seen, record
select
    evidence, line, source, run_id, task_stage_id, stage, status, created_at, awaiting_override_at, passed_at, evaluations, task_results
from (
    select seen.*, row_number() over (partition by task_stage_id order by coalesce(newest.entry, 0) desc, evidence desc) as place
    from terraform_task_stage_seen as seen
    left join (select blob, max(entry) as entry from record group by blob) as newest on newest.blob = seen.evidence
)
where place = 1
