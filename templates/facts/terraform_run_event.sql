-- table: terraform_run_event
-- row: one run event as it was collected last
-- from: terraform_run_event_seen, record
select
    evidence, line, source, run_id, event_id, "action", created_at, actor, actor_name, target_type, target_id, comment
from (
    select seen.*, row_number() over (partition by event_id order by coalesce(newest.entry, 0) desc, evidence desc) as place
    from terraform_run_event_seen as seen
    left join (select blob, max(entry) as entry from record group by blob) as newest on newest.blob = seen.evidence
)
where place = 1
