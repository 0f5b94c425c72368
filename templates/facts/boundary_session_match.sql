-- table: boundary_session_match
-- row: one session that a list, an event log or a refresh knows, and which of them do
-- from: boundary_session, boundary_event, boundary_session_removed
-- Two lists that are made independently: what the API listed or read, and what event logs say was authorized or used. Ids of
-- sessions are random and never used twice, so sources are not told apart: logs may be a source of their own. A refused request is no
-- session, and neither is one for a session that does not exist. log_from and log_to are the first and the last event of all logs: a
-- session created outside them cannot be in a log, and within them a log may still have gaps. removed says that Boundary named it as
-- deleted; that one that is neither listed nor logged may lie in a scope that the token cannot see.
with listed as (
    select
        session_id,
        min(source) as source,
        min(user_id) as user_id,
        min(target_id) as target_id,
        min(status) as status,
        min(created_at) as created_at,
        min(evidence) as evidence,
        min(line) as line
    from boundary_session
    group by session_id
),
shown as (
    select
        *,
        row_number() over (partition by session_id order by "time" nulls last, evidence, line) as place
    from boundary_event
    where session_id is not null
        and coalesce(status_code, 200) between 200 and 299
),
logged as (
    select
        session_id,
        min(source) as source,
        min(user_id) filter (operation = 'authorize-session') as user_id,
        min(target_id) as target_id,
        min("time") filter (operation = 'authorize-session') as authorized_at,
        min("time") as first_at,
        max("time") as last_at,
        count(distinct event_id) as events,
        min(evidence) filter (place = 1) as evidence,
        min(line) filter (place = 1) as line
    from shown
    group by session_id
),
removed as (
    select
        session_id,
        min(source) as source,
        min("at") as "at",
        min(evidence) as evidence
    from boundary_session_removed
    group by session_id
),
log as (
    select
        min("time") as "from",
        max("time") as "to"
    from boundary_event
),
known as (
    select session_id from listed
    union
    select session_id from logged
    union
    select session_id from removed
)
select
    coalesce(listed.evidence, logged.evidence, removed.evidence) as evidence,
    coalesce(listed.line, logged.line, 1::bigint) as line,
    coalesce(listed.source, logged.source, removed.source) as source,
    known.session_id,
    listed.session_id is not null as listed,
    logged.session_id is not null as logged,
    removed.session_id is not null as removed,
    logged.source as log_source,
    listed.status,
    listed.created_at,
    logged.authorized_at,
    logged.first_at as first_event_at,
    logged.last_at as last_event_at,
    removed."at" as removed_at,
    listed.user_id,
    logged.user_id as log_user_id,
    listed.target_id,
    logged.target_id as log_target_id,
    coalesce(logged.events, 0)::bigint as events,
    log."from" as log_from,
    log."to" as log_to
from known
left join listed on listed.session_id = known.session_id
left join logged on logged.session_id = known.session_id
left join removed on removed.session_id = known.session_id
cross join log
