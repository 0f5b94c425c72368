-- table: boundary_session
-- row: one session as it stood when it was collected last
-- from: boundary_session_seen, boundary_target, boundary_user, boundary_host, record
-- The last collection is the one of the highest journal entry; within it the single read is newer than the list. Connections
-- come from the last single read (read_evidence), which a list that was collected later does not repeat. The names of target,
-- user and host are those of the newest snapshot that has them: what was deleted since keeps its name here.
with entry as (
    select
        blob,
        max(entry) as entry
    from record
    group by blob
),
seen as (
    select
        boundary_session_seen.*,
        coalesce(entry.entry, 0) as entry
    from boundary_session_seen
    left join entry on entry.blob = boundary_session_seen.evidence
    where session_id is not null
),
newest as (
    select
        *,
        row_number() over (partition by source, session_id order by entry desc, "read" desc, ended_at desc nulls last, evidence) as place
    from seen
),
last_read as (
    select
        *,
        row_number() over (partition by source, session_id order by entry desc, evidence) as place
    from seen
    where "read"
),
target as (
    select
        source,
        target_id,
        "name",
        row_number() over (partition by source, target_id order by "at" desc nulls last, evidence, "name") as place
    from boundary_target
),
account_user as (
    select
        source,
        user_id,
        coalesce(login_name, email, full_name, "name") as "name",
        row_number() over (partition by source, user_id order by "at" desc nulls last, evidence, "name") as place
    from boundary_user
),
host as (
    select
        source,
        host_id,
        "name",
        row_number() over (partition by source, host_id order by "at" desc nulls last, evidence, "name") as place
    from boundary_host
)
select
    newest.evidence,
    newest.line,
    newest.source,
    newest.session_id,
    newest.user_id,
    account_user."name" as user_name,
    newest.auth_token_id,
    newest.target_id,
    target."name" as target_name,
    newest.host_id,
    host."name" as host_name,
    newest.host_set_id,
    newest.scope_id,
    newest.endpoint,
    newest.status,
    newest.created_at,
    newest.activated_at,
    newest.ended_at,
    newest.expires_at,
    newest.termination_reason,
    last_read.connections,
    last_read.bytes_up,
    last_read.bytes_down,
    last_read.evidence as read_evidence
from newest
left join last_read on last_read.source = newest.source and last_read.session_id = newest.session_id and last_read.place = 1
left join target on target.source = newest.source and target.target_id = newest.target_id and target.place = 1
left join account_user on account_user.source = newest.source and account_user.user_id = newest.user_id and account_user.place = 1
left join host on host.source = newest.source and host.host_id = newest.host_id and host.place = 1
where newest.place = 1
