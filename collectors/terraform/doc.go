// Package terraform collects from HCP Terraform and Terraform Enterprise: the settings, projects, workspaces, teams, members and
// policy sets of an organization, which team may do what, every run of a period, for each run its policy checks with their logs, its
// task stages with their policy evaluations and outcomes, and its events with actor and comment, and the organization's audit trail. It
// reads only; docs/sources/terraform.md has the permissions and the limits.
//
// go-tfe makes the requests and knows their parameters; it does not decode the answers, because it drops or misreads fields
// that an audit rests on (result counts, override times, the durations of policies). Bodies are stored as received, and the
// SQL of templates/facts reads them. This package looks into a body only as far as it must to go on: ids, paging, the state
// and the times of a run.
//
// Several workspaces and runs are asked about at the same time, by goroutines of one organization that share one lock and one line
// to the server; the line keeps the pace. Nothing grows with the number of runs but their ids: records are added, and committed with
// the cursor, after every few hundred runs, and a collection that was killed goes on there.
package terraform
