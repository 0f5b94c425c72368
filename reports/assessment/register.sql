-- every state of every exception, oldest first, with who entered it; and the files of the newest collection that name no exception
select
    s.since, s.until, s.history, l.entered_by,
    s.exception_id, s.renews, s.control, s.resource, s.reason, s.risk_level, s.risk_owner, s.requested_by, s.approved_date, s.expiry_date,
    s.compensating_controls, s.problems, s."commit", s.author, s.source, s.file, s.line, s.evidence
from exception_state as s
left join exception_life as l on l.source = s.source and l.exception_id = s.exception_id
union all
select
    null as since, null as until, false as history, null as entered_by,
    exception_id, renews, control, resource, reason, risk_level, risk_owner, requested_by, approved_date, expiry_date,
    compensating_controls, problems, "commit", author, source, file, line, evidence
from exception
where exception_id is null
