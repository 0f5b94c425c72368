-- table: named_resource
-- row: one name under which a snapshot lists something that can deviate
-- from: vault_policy, vault_mount, vault_auth_method, vault_audit_device, vault_auth_role, vault_engine_role, vault_transit_key, boundary_target, boundary_role, terraform_workspace
-- Names are written as control tests write the resource of a deviation. What begins with a name that ends in a slash lies below it.
with named as (
    select evidence, line, namespace, 'policy' as what, unnest(['sys/policies/acl/' || "name", 'sys/policy/' || "name"]) as "name"
    from vault_policy
    union all
    select evidence, line, namespace, 'secrets engine' as what, unnest(['sys/mounts/' || trim(path, '/'), trim(path, '/') || '/']) as "name"
    from vault_mount
    union all
    select evidence, line, namespace, 'auth method' as what, unnest(['sys/auth/' || trim(path, '/'), 'auth/' || trim(path, '/') || '/']) as "name"
    from vault_auth_method
    union all
    select evidence, line, '' as namespace, 'audit device' as what, 'sys/audit/' || trim(path, '/') as "name"
    from vault_audit_device
    union all
    select evidence, line, namespace, 'role' as what, mount || collection || '/' || role as "name"
    from vault_auth_role
    union all
    select evidence, line, namespace, 'role' as what, mount || collection || '/' || role as "name"
    from vault_engine_role
    union all
    select evidence, line, namespace, 'key' as what, mount || 'keys/' || "key" as "name"
    from vault_transit_key
    union all
    select evidence, line, '' as namespace, 'target' as what, unnest([target_id, "name"]) as "name"
    from boundary_target
    union all
    select evidence, line, '' as namespace, 'role' as what, unnest([role_id, "name"]) as "name"
    from boundary_role
    union all
    select evidence, line, '' as namespace, 'workspace' as what, workspace as "name"
    from terraform_workspace
)
select
    evidence,
    line,
    what,
    case when coalesce(namespace, '') = '' then "name" else trim(namespace, '/') || '/' || "name" end as "name"
from named
where "name" is not null
