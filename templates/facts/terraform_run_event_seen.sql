-- table: terraform_run_event_seen
-- row: one run event in one answer: terraform_run_event has the newest of each
-- kind: terraform.run-events/1
-- Source: go-tfe 1.111.2, RunEvents.List; the endpoint is not documented. Actor and comment come with the events, in included.
with body as (
    select filename, "data", included
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]', included: 'json[]'}
    )
),
event as (
    select filename, unnest("data") as e from body
),
extra as (
    select distinct filename, i ->> '$.type' as "type", i ->> '$.id' as id, coalesce(i ->> '$.attributes.username', i ->> '$.attributes.body') as "text"
    from (select filename, unnest(included) as i from body)
),
part as (
    select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part
)
select
    'sha256:' || regexp_extract(event.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    coalesce(e ->> '$.relationships.run.data.id', nullif(regexp_extract(part, '/runs/([^/?]+)/run-events', 1), '')) as run_id,
    e ->> '$.id' as event_id,
    e ->> '$.attributes.action' as "action",
    (try_cast(e ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    e ->> '$.relationships.actor.data.id' as actor,
    actor."text" as actor_name,
    e ->> '$.relationships.target.data.type' as target_type,
    e ->> '$.relationships.target.data.id' as target_id,
    remark."text" as comment
from event
join part on part.filename = event.filename
left join extra as actor on actor.filename = event.filename and actor."type" = 'users' and actor.id = (e ->> '$.relationships.actor.data.id')
left join extra as remark on remark.filename = event.filename and remark."type" = 'comments' and remark.id = (e ->> '$.relationships.comment.data.id')
