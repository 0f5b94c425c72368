-- table: terraform_membership
-- row: one membership of an organization in one snapshot
-- kind: terraform.organization-memberships/1
-- Source: HCP Terraform API, "Organization memberships", list memberships for an organization, fields as of 2026-11.
-- What is known of the user comes with the membership, in included; a server shows two factors only to those who manage memberships.
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
member as (
    select filename, unnest("data") as m from body
),
account as (
    select distinct filename, u ->> '$.id' as id, u
    from (select filename, unnest(included) as u from body)
    where u ->> '$.type' = 'users'
)
select
    'sha256:' || regexp_extract(member.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    m ->> '$.id' as membership_id,
    m ->> '$.relationships.organization.data.id' as organization,
    m ->> '$.attributes.status' as status,
    coalesce(m ->> '$.attributes.email', u ->> '$.attributes.email') as email,
    m ->> '$.relationships.user.data.id' as user_id,
    u ->> '$.attributes.username' as username,
    try_cast(u ->> '$.attributes."is-service-account"' as boolean) as service_account,
    u ->> '$.attributes."auth-method"' as auth_method,
    try_cast(u ->> '$.attributes."is-sso-login"' as boolean) as sso_login,
    try_cast(u ->> '$.attributes."two-factor".enabled' as boolean) as two_factor_enabled,
    try_cast(u ->> '$.attributes."two-factor".verified' as boolean) as two_factor_verified,
    coalesce(list_transform(try_cast(m -> '$.relationships.teams.data' as json[]), lambda i: i ->> '$.id'), []) as teams
from member
left join account on account.filename = member.filename and account.id = (m ->> '$.relationships.user.data.id')
