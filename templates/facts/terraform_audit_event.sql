-- table: terraform_audit_event
-- row: one event of the audit trail
-- from: terraform_audit_event_seen, record
select
    evidence, line, source, event_id, "time", "type", auth_type, actor, actor_name, impersonator, organization_id, request_id, resource_type, resource_id, "action", meta
from (
    select seen.*, row_number() over (partition by event_id order by coalesce(newest.entry, 0) desc, evidence desc) as place
    from terraform_audit_event_seen as seen
    left join (select blob, max(entry) as entry from record group by blob) as newest on newest.blob = seen.evidence
)
where place = 1
