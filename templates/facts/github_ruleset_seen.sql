-- table: github_ruleset_seen
-- row: one ruleset in one answer of its own
-- kind: github.rulesets/1
-- part: /repos/*/*/rulesets/*
-- Source: GitHub REST API documentation, "Get a repository ruleset", fields as of 2026-11. bypass_actors is left out
-- where whoever asks may not write the ruleset: bypass_known is then false.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    try_cast("id" ->> '$' as bigint) as ruleset_id,
    "name" ->> '$' as "name",
    "target" ->> '$' as target,
    "enforcement" ->> '$' as enforcement,
    "source_type" ->> '$' as ruleset_source_type,
    "source" ->> '$' as ruleset_source,
    bypass_actors is not null as bypass_known,
    coalesce(list_transform(try_cast(bypass_actors as json[]), lambda a: concat(a ->> '$.actor_type', ' ' || (a ->> '$.actor_id'), ' (' || (a ->> '$.bypass_mode') || ')')), []) as bypass_actors,
    (try_cast("updated_at" ->> '$' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"id": 'json', "name": 'json', "target": 'json', "enforcement": 'json', "source_type": 'json', "source": 'json', "bypass_actors": 'json', "updated_at": 'json'}
)
