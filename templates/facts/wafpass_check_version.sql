-- table: wafpass_check_version
-- row: one check of one control in one result of wafpass, in each state that a collection found; check_id is null where a control lists no check
-- kind: wafpass.result/1
-- unit: part
-- Source: result schema of WAF++ PASS, versions 1.0 and 1.1, as of 2026-11. controls_meta lists the checks that were loaded, findings
-- has one entry for each check and resource. A check without a resource that it fits gives no finding at all. Severity and status
-- are lower case in some versions and upper case in others.
with document as (
    select
        'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
        json
    from read_json_objects(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864
    )
),
control as (
    select
        unnest(coalesce(try_cast(json -> '$.controls_meta' as json[]), [])) as c
    from document
),
listed as (
    select
        c ->> '$.id' as control_id,
        c ->> '$.title' as control_title,
        unnest(coalesce(nullif(try_cast(c -> '$.checks' as json[]), []), [null::json])) as k
    from control
),
listed_check as (
    select distinct on (control_id, check_id)
        control_id,
        control_title,
        k ->> '$.id' as check_id,
        k ->> '$.title' as check_title,
        lower(k ->> '$.severity') as severity
    from listed
    order by
        control_id,
        check_id,
        control_title,
        check_title,
        severity
),
finding as (
    select
        unnest(coalesce(try_cast(json -> '$.findings' as json[]), [])) as f
    from document
),
found_check as (
    select
        f ->> '$.control_id' as control_id,
        f ->> '$.check_id' as check_id,
        min(f ->> '$.check_title') as check_title,
        min(lower(f ->> '$.severity')) as severity,
        count(*) as results,
        count(*) filter (where upper(f ->> '$.status') = 'PASS') as passed,
        count(*) filter (where upper(f ->> '$.status') = 'FAIL') as failed,
        count(*) filter (where upper(f ->> '$.status') = 'SKIP') as skipped,
        count(*) filter (where upper(f ->> '$.status') = 'ERROR') as errored,
        count(*) filter (where upper(f ->> '$.status') = 'WAIVED') as waived
    from finding
    group by
        control_id,
        check_id
),
checked as (
    select
        coalesce(l.control_id, f.control_id) as control_id,
        l.control_title,
        coalesce(l.check_id, f.check_id) as check_id,
        coalesce(l.check_title, f.check_title) as check_title,
        coalesce(l.severity, f.severity) as severity,
        l.control_id is not null as listed,
        coalesce(f.results, 0) as results,
        coalesce(f.passed, 0) as passed,
        coalesce(f.failed, 0) as failed,
        coalesce(f.skipped, 0) as skipped,
        coalesce(f.errored, 0) as errored,
        coalesce(f.waived, 0) as waived
    from listed_check as l
    full join found_check as f
        on f.control_id = l.control_id and f.check_id = l.check_id
)
select
    evidence,
    1::bigint as line,
    getvariable('source') as "source",
    getvariable('name') as "file",
    json ->> '$.schema_version' as schema_version,
    nullif(json ->> '$.project', '') as project,
    nullif(json ->> '$.branch', '') as branch,
    nullif(json ->> '$.git_sha', '') as git_sha,
    nullif(json ->> '$.triggered_by', '') as triggered_by,
    nullif(json ->> '$.stage', '') as stage,
    control_id,
    control_title,
    check_id,
    check_title,
    severity,
    listed,
    results::bigint as results,
    passed::bigint as passed,
    failed::bigint as failed,
    skipped::bigint as skipped,
    errored::bigint as errored,
    waived::bigint as waived,
    case
        when check_id is null then 'none'
        when failed > 0 then 'failed'
        when errored > 0 then 'errored'
        when waived > 0 then 'waived'
        when skipped > 0 then 'skipped'
        when results = 0 then 'missing'
        when passed < results then 'unknown'
        else 'passed'
    end as outcome
from document
cross join checked
