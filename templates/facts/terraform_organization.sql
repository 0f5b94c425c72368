-- table: terraform_organization
-- row: the settings of one organization in one snapshot
-- kind: terraform.organization/1
-- Source: HCP Terraform API, "Organizations", show an organization, fields as of 2026-11.
-- collaborator_auth_policy says whether two factors are required (two_factor_mandatory) or not (password).
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    coalesce(o ->> '$.attributes.name', o ->> '$.id') as organization,
    o ->> '$.attributes."external-id"' as organization_id,
    o ->> '$.attributes.email' as email,
    (try_cast(o ->> '$.attributes."created-at"' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    o ->> '$.attributes."collaborator-auth-policy"' as collaborator_auth_policy,
    try_cast(o ->> '$.attributes."two-factor-conformant"' as boolean) as two_factor_conformant,
    try_cast(o ->> '$.attributes."saml-enabled"' as boolean) as saml_enabled,
    o ->> '$.attributes."owners-team-saml-role-id"' as owners_team_saml_role_id,
    try_cast(o ->> '$.attributes."session-timeout"' as bigint) as session_timeout_minutes,
    try_cast(o ->> '$.attributes."session-remember"' as bigint) as session_remember_minutes,
    try_cast(o ->> '$.attributes."user-tokens-enabled"' as boolean) as user_tokens_enabled,
    o ->> '$.attributes."default-execution-mode"' as default_execution_mode,
    try_cast(o ->> '$.attributes."allow-force-delete-workspaces"' as boolean) as allow_force_delete_workspaces,
    try_cast(o ->> '$.attributes."assessments-enforced"' as boolean) as assessments_enforced,
    try_cast(o ->> '$.attributes."cost-estimation-enabled"' as boolean) as cost_estimation_enabled
from (
    select filename, "data" as o
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216,
        columns = {"data": 'json'}
    )
) as body
where o is not null
