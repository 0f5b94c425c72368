// Package terraform collects from HCP Terraform and Terraform Enterprise: the workspaces of an organization, every run of a
// period, and for each run its policy checks, its task stages with their policy evaluations and outcomes, and its events with
// actor and comment. It reads only; docs/sources/terraform.md has the permissions and the limits.
//
// go-tfe makes the requests and knows their parameters; it does not decode the answers, because it drops or misreads fields
// that an audit rests on (result counts, override times, the durations of policies). Bodies are stored as received, and the
// SQL of templates/facts reads them. This package looks into a body only as far as it must to go on: ids, paging, the state
// and the times of a run.
package terraform
