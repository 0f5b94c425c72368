-- table: ticket_approved
-- row: one ticket that another person than the one who asked approved, for a resource that is more than a wildcard
-- from: ticket
-- held_from is the first moment at which it allows anything: that of the approval, or a later one that the ticket states. One that was rejected or taken
-- back since allows nothing, whatever was approved before.
select
    evidence,
    line,
    source,
    ticket_id,
    kind,
    subject,
    resource,
    requested_by,
    approved_by,
    approved_at,
    greatest(approved_at, coalesce(valid_from, approved_at)) as held_from,
    valid_to
from ticket
where trim(coalesce(approved_by, '')) <> ''
  and approved_at is not null
  and trim(coalesce(requested_by, '')) <> '' -- else nobody knows that another one approved
  and lower(trim(requested_by)) <> lower(trim(approved_by))
  and lower(trim(coalesce(status, ''))) not in ('rejected', 'cancelled', 'canceled', 'withdrawn')
  and trim(coalesce(resource, ''), '*?/ ') <> '' -- a bare wildcard approves nothing
