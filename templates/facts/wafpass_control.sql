-- table: wafpass_control
-- row: one control in one result of wafpass, as the newest collection of its source found it, and whether every check of it ran and passed
-- from: wafpass_check
-- met is true only where the result lists the control with at least one check and each of its checks has a finding, all of them PASS.
select
    evidence,
    line,
    "source",
    "file",
    project,
    branch,
    git_sha,
    triggered_by,
    stage,
    control_id,
    min(control_title) as control_title,
    count(check_id)::bigint as checks,
    count(*) filter (where outcome = 'passed' and listed)::bigint as checks_passed,
    bool_and(outcome = 'passed' and listed) as met,
    coalesce(list_sort(list(
        case
            when outcome = 'none' then 'the result lists no check of it'
            when outcome = 'failed' then check_id || ' failed for ' || failed || ' of ' || results || ' resources'
            when outcome = 'errored' then check_id || ' ended in an error for ' || errored || ' of ' || results || ' resources'
            when outcome = 'waived' then check_id || ' was waived'
            when outcome = 'skipped' then check_id || ' was skipped for ' || skipped || ' of ' || results || ' resources'
            when outcome = 'missing' then check_id || ' has no result: no resource that it fits, or it was filtered out'
            when outcome = 'unknown' then check_id || ' has a status that is none of PASS, FAIL, SKIP, ERROR, WAIVED'
            when not listed then check_id || ' is not among the checks that the result lists, so that others may be missing'
        end
    ) filter (where outcome <> 'passed' or not listed)), []) as reasons
from wafpass_check
group by
    evidence,
    line,
    "source",
    "file",
    project,
    branch,
    git_sha,
    triggered_by,
    stage,
    control_id
