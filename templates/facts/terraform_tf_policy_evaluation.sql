-- table: terraform_tf_policy_evaluation
-- row: one Terraform policy evaluation as it was collected last; kept, not judged
-- from: terraform_tf_policy_evaluation_seen, record
select
    evidence, line, source, run_id, tf_policy_evaluation_id, status, attributes
from (
    select seen.*, row_number() over (partition by tf_policy_evaluation_id order by coalesce(newest.entry, 0) desc, evidence desc) as place
    from terraform_tf_policy_evaluation_seen as seen
    left join (select blob, max(entry) as entry from record group by blob) as newest on newest.blob = seen.evidence
)
where place = 1
