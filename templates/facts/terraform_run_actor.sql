-- table: terraform_run_actor
-- row: who created, confirmed, applied, discarded or canceled one run
-- from: terraform_run_seen, terraform_run_event, terraform_audit_event, terraform_membership, record
-- The run itself names who created, confirmed and canceled it, by id. For the rest the run's events tell: their actions are not published,
-- so that an event counts whose action speaks of the act or, for lack of one, which a person caused within five seconds of the change of
-- status. Last comes the audit trail, as far as it was collected. An apply that a person confirmed was that person's. Nobody is named
-- for what the server did by itself, as in a workspace that applies automatically. basis says which of these tells.
with entry as (
    select blob, max(entry) as entry from record group by blob
),
run as (
    select *
    from (
        select seen.*, row_number() over (partition by run_id order by coalesce(entry.entry, 0) desc, changed_at desc nulls last, evidence desc) as place
        from terraform_run_seen as seen
        left join entry on entry.blob = seen.evidence
    )
    where place = 1
),
person as (
    select id, max("name") as "name"
    from (
        select actor as id, actor_name as "name" from terraform_run_event
        union all select user_id, username from terraform_membership
        union all select actor, actor_name from terraform_audit_event where auth_type <> 'System'
    )
    where id is not null
    group by id
),
status as (
    select run_id, 'applied' as act, 'appl' as word, coalesce(applying_at, applied_at) as "at" from run
    union all select run_id, 'discarded', 'discard', discarded_at from run
    union all select run_id, 'canceled', 'cancel', canceled_at from run
    union all select run_id, 'confirmed', 'confirm', confirmed_at from run
),
told as (
    select run_id, 'created' as act, created_by as actor, created_at as "at", 1 as place, 'run' as basis, evidence, line from run
    union all select run_id, 'confirmed', confirmed_by, confirmed_at, 1, 'run', evidence, line from run
    union all select run_id, 'canceled', canceled_by, canceled_at, 1, 'run', evidence, line from run
    union all
    select e.run_id, s.act, e.actor, e.created_at, 2, 'run-event', e.evidence, e.line
    from terraform_run_event as e
    join status as s on s.run_id = e.run_id and e."action" like '%' || s.word || '%'
    union all
    select e.run_id, s.act, e.actor, e.created_at, 3, 'run-event', e.evidence, e.line
    from terraform_run_event as e
    join status as s on s.run_id = e.run_id and e.created_at between s."at" - interval 5 second and s."at" + interval 5 second
    where e."action" not in ('created', 'queued', 'commented') and s.act <> 'applied' and coalesce(e.target_type, 'runs') = 'runs'
        and not exists (select 1 from status as other where other.run_id = s.run_id and other.act <> s.act and e."action" like '%' || other.word || '%')
    union all
    select a.resource_id, s.act, a.actor, a."time", 4, 'audit-trail', a.evidence, a.line
    from terraform_audit_event as a
    join status as s on s.run_id = a.resource_id and a."action" like '%' || s.word || '%'
    where a.resource_type = 'run' and a.auth_type <> 'System'
    union all
    select run_id, 'applied', confirmed_by, confirmed_at, 5, 'run', evidence, line from run where coalesce(applying_at, applied_at) is not null
)
select evidence, line, run_id, act, actor, person."name" as actor_name, "at", basis
from (
    select *, row_number() over (partition by run_id, act order by place, "at" desc nulls last, evidence desc, actor) as first_place
    from told
    where actor is not null
) as told
left join person on person.id = told.actor
where first_place = 1
