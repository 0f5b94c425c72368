-- table: boundary_user_role
-- row: one user, one role and the way in which the user has it, by the newest reads of each source
-- from: boundary_role_principal, boundary_group_member, boundary_managed_group_member, boundary_user_account, newest_record
-- via is user, group or managed group, and principal_id what the role names. u_anon stands for everyone and u_auth for everyone who
-- is logged in. The newest reads are those of the last record of such a kind: where some failed, it is not complete, as the outcome
-- of its part says. A member of a managed group is an account; one that belongs to no user has no row.
with reading as (
    select distinct
        source,
        kind,
        blob
    from newest_record
    where kind in ('boundary.role/1', 'boundary.group/1', 'boundary.managed-group/1', 'boundary.user/1')
),
principal as (
    select
        reading.source,
        p.evidence,
        p.line,
        p.role_id,
        p.scope_id,
        p.principal_id,
        p."type"
    from boundary_role_principal as p
    join reading on reading.blob = p.evidence and reading.kind = 'boundary.role/1'
),
grouped as (
    select
        reading.source,
        m.group_id,
        m.user_id
    from boundary_group_member as m
    join reading on reading.blob = m.evidence and reading.kind = 'boundary.group/1'
),
managed as (
    select
        reading.source,
        m.managed_group_id,
        m.account_id
    from boundary_managed_group_member as m
    join reading on reading.blob = m.evidence and reading.kind = 'boundary.managed-group/1'
),
owner as (
    select
        reading.source,
        a.account_id,
        a.user_id
    from boundary_user_account as a
    join reading on reading.blob = a.evidence and reading.kind = 'boundary.user/1'
)
select
    evidence,
    line,
    source,
    principal_id as user_id,
    role_id,
    scope_id,
    'user' as via,
    principal_id
from principal
where "type" = 'user'
union all
select
    principal.evidence,
    principal.line,
    principal.source,
    grouped.user_id,
    principal.role_id,
    principal.scope_id,
    'group' as via,
    principal.principal_id
from principal
join grouped on grouped.source = principal.source and grouped.group_id = principal.principal_id
union all
select
    principal.evidence,
    principal.line,
    principal.source,
    owner.user_id,
    principal.role_id,
    principal.scope_id,
    'managed group' as via,
    principal.principal_id
from principal
join managed on managed.source = principal.source and managed.managed_group_id = principal.principal_id
join owner on owner.source = managed.source and owner.account_id = managed.account_id
