-- table: terraform_token
-- row: one API token in one snapshot of a list of tokens
-- kind: terraform.organization-tokens/1, terraform.team-tokens/1, terraform.user-tokens/1, terraform.agent-tokens/1, terraform.metrics-tokens/1
-- Source: HCP Terraform API, "Team tokens", "User tokens", "Agent tokens" and "Metrics service tokens", lists, fields as of 2026-11;
-- the organization's token and its audit trails token after go-tfe. Tokens of agents and of the metrics service have no end, and
-- those of the metrics service no last use: null. owner_id is the team, the user or the agent pool whose token it is.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    t ->> '$.id' as token_id,
    case
        when part like '%/team-tokens%' then 'team'
        when part like '%/agent-pools/%' then 'agent'
        when part like '%/users/%' then 'user'
        when part like '%/metrics-tokens%' then 'metrics'
        when part like '%token=audit-trails%' then 'audit-trails'
        else 'organization'
    end as token_type,
    nullif(regexp_extract(part, '/organizations/([^/?]+)/', 1), '') as organization,
    coalesce(t ->> '$.relationships.team.data.id', nullif(regexp_extract(part, '/(?:users|agent-pools)/([^/?]+)/', 1), '')) as owner_id,
    coalesce(t ->> '$.attributes.description', t ->> '$.attributes.name') as description,
    (try_cast(t ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    t ->> '$.relationships."created-by".data.id' as created_by,
    (try_cast(t ->> '$.attributes."last-used-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as last_used_at,
    (try_cast(t ->> '$.attributes."expired-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as expires_at
from (
    select filename, unnest(case when json_type("data") = 'ARRAY' then "data"::json[] else ["data"] end) as t
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json'}
    )
    where "data" is not null
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
