-- table: terraform_audit_event_seen
-- row: one event of the audit trail in one answer: terraform_audit_event has each once
-- kind: terraform.audit-trail/1
-- Source: HCP Terraform API, "Audit trails", list an organization's audit events, fields as of 2026-11.
-- meta is JSON as received; who acted in another's name is the impersonator.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    e ->> '$.id' as event_id,
    (try_cast(e ->> '$.timestamp' as timestamptz) at time zone 'UTC')::timestamp_ns as "time",
    e ->> '$.type' as "type",
    e ->> '$.auth.type' as auth_type,
    e ->> '$.auth.accessor_id' as actor,
    e ->> '$.auth.description' as actor_name,
    e ->> '$.auth.impersonator_id' as impersonator,
    e ->> '$.auth.organization_id' as organization_id,
    e ->> '$.request.id' as request_id,
    e ->> '$.resource.type' as resource_type,
    e ->> '$.resource.id' as resource_id,
    e ->> '$.resource.action' as "action",
    case when json_type(e -> '$.resource.meta') <> 'NULL' then (e -> '$.resource.meta')::varchar end as meta
from (
    select filename, unnest("data") as e
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json[]'}
    )
) as body
