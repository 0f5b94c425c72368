package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-tfe"

	"auditpack/collectors"
	"auditpack/evidence"
)

// Names of the parts that may be left out, as skip takes them: those that need more than to read runs.
const (
	policySets         = "policy sets"
	policies           = "policies"
	organizationTokens = "organization tokens"
	teamTokens         = "team tokens"
	userTokens         = "user tokens"
	agentTokens        = "agent tokens"
	metricsTokens      = "metrics tokens"
)

const (
	ownersAlone  = "the token of an owner or of the organization"
	manageTeams  = "Manage teams, or " + ownersAlone
	managePools  = "Manage agent pools"
	ownTokenOnly = "the API shows a user's tokens to that user alone, and the source's token is not a user's"
)

// tokenKinds are the kinds whose bodies list tokens. None of them ever holds the secret of one.
var tokenKinds = []evidence.Kind{KindOrganizationTokens, KindTeamTokens, KindUserTokens, KindAgentTokens, KindMetricsTokens}

// errSecret says that an answer holds what only the making of a token may show.
var errSecret = errors.New("the answer holds the secret of a token, which is never stored")

// withoutSecret refuses a body of a kind that lists tokens if it holds the secret of one. A secret says what it is in its middle.
//
// Source: HCP Terraform API, "Team tokens", "User tokens", "Agent tokens" and "Metrics service tokens", as of 2026-11: lists have
// metadata, and token is null or not there.
func withoutSecret(kind evidence.Kind, body []byte) error {
	if !slices.Contains(tokenKinds, kind) {
		return nil
	}
	var document struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		return fmt.Errorf("read JSON:API document: %w", err)
	}
	var items []resource
	if json.Unmarshal(document.Data, &items) != nil {
		items = make([]resource, 1)
		if err := json.Unmarshal(document.Data, &items[0]); err != nil {
			return fmt.Errorf("read JSON:API document: %w", err)
		}
	}
	for _, item := range items {
		var a struct {
			Token any `json:"token"`
		}
		if len(item.Attributes) > 0 {
			if err := json.Unmarshal(item.Attributes, &a); err != nil {
				return fmt.Errorf("read token %q: %w", item.ID, err)
			}
		}
		if a.Token != nil && a.Token != "" {
			return errSecret
		}
	}
	if bytes.Contains(body, []byte(".atlasv1.")) {
		return errSecret
	}
	return nil
}

// tokens asks for the API tokens that belong to the organization itself and to the user whose token asks; those of teams and of
// agent pools are lists like others.
func (o *organization) tokens(ctx context.Context) {
	if o.wants(KindOrganizationTokens) {
		o.organizationToken(ctx, 1, "organization token", tfe.OrganizationTokenReadOptions{})
		o.auditTrailsToken(ctx)
	}
	if o.wants(KindMetricsTokens) {
		o.metricsTokens(ctx)
	}
	if o.wants(KindUserTokens) {
		o.userTokens(ctx)
	}
}

// organizationToken reads one of the tokens of which an organization has one at most. To whoever may make one, 404 says that there is none.
//
// Source: go-tfe, OrganizationTokens.ReadWithOptions; the API documentation has only how one is made and removed.
func (o *organization) organizationToken(ctx context.Context, order int, what string, options tfe.OrganizationTokenReadOptions) {
	got, _, err := o.single(ctx, KindOrganizationTokens, "organizations/"+segment(o.name)+"/authentication-token", options)
	if missing(err) && o.updatesTokens {
		err = nil
	}
	if len(got.pages) > 0 {
		o.take(KindOrganizationTokens, place{order}, got)
	}
	o.outcome(what, KindOrganizationTokens, got, o.refused(ownersAlone, err))
}

// auditTrailsToken reads the token of the audit trail. Terraform Enterprise has none, and would answer with the organization's token.
func (o *organization) auditTrailsToken(ctx context.Context) {
	const what = "audit trails token"
	if o.enterprise() {
		o.outcome(what, KindOrganizationTokens, list{}, fmt.Errorf("%w: Terraform Enterprise has no audit trail API", collectors.ErrNotOffered))
		return
	}
	kind := tfe.AuditTrailToken
	o.organizationToken(ctx, 2, what, tfe.OrganizationTokenReadOptions{TokenType: &kind})
}

// metricsTokens reads the tokens of the metrics service, which HCP Terraform alone has.
//
// Source: HCP Terraform API, "Metrics service tokens", list tokens, as of 2026-11: in one piece.
func (o *organization) metricsTokens(ctx context.Context) {
	var got list
	err := fmt.Errorf("%w: Terraform Enterprise has no metrics service", collectors.ErrNotOffered)
	if !o.enterprise() {
		got, err = o.list(ctx, o.out, query{kind: KindMetricsTokens, path: "organizations/" + segment(o.name) + "/metrics-tokens", unpaged: true,
			options: func(tfe.ListOptions) any { return nil }})
	}
	if missing(err) && o.updatesTokens {
		err = fmt.Errorf("%w: %w", collectors.ErrNotOffered, err)
	}
	o.take(KindMetricsTokens, place{}, got)
	o.outcome(metricsTokens, KindMetricsTokens, got, o.refused(ownersAlone, err))
}

// userTokens reads the tokens of the user whose token asks. An empty list is the answer for anybody else's: who asks has a token.
//
// Source: HCP Terraform API, "User tokens", list user tokens, as of 2026-11.
func (o *organization) userTokens(ctx context.Context) {
	var got list
	err := fmt.Errorf("%w: %s", collectors.ErrNotOffered, ownTokenOnly)
	if o.user != "" {
		got, err = o.list(ctx, o.out, query{kind: KindUserTokens, path: "users/" + segment(o.user) + "/authentication-tokens",
			options: func(page tfe.ListOptions) any { return &page }})
	}
	if err == nil && len(got.items) == 0 {
		got, err = list{}, fmt.Errorf("%w: %s", collectors.ErrNotOffered, ownTokenOnly)
	}
	o.take(KindUserTokens, place{}, got)
	o.outcome(userTokens, KindUserTokens, got, o.refused("the token of the user", err))
}

// enterprise says whether the server is a Terraform Enterprise, as it reported itself.
func (o *organization) enterprise() bool { return strings.HasPrefix(o.version, "Terraform Enterprise") }

// wants says whether a kind is asked for.
func (o *organization) wants(kind evidence.Kind) bool {
	return !slices.Contains(o.collector.skip, skipped[kind])
}

// Kinds returns the kinds that are asked for.
func (c *collector) Kinds() []evidence.Kind {
	return slices.DeleteFunc(slices.Clone(Type.Kinds), func(k evidence.Kind) bool { return slices.Contains(c.skip, skipped[k]) })
}

// skipped is the part that leaves out a kind.
var skipped = map[evidence.Kind]string{KindPolicySets: policySets, KindPolicies: policies, KindOrganizationTokens: organizationTokens, KindTeamTokens: teamTokens,
	KindUserTokens: userTokens, KindAgentPools: agentTokens, KindAgentTokens: agentTokens, KindMetricsTokens: metricsTokens}

// mayUpdateTokens says whether the organization's own document says that the token may make and remove the organization's tokens.
//
// Source: HCP Terraform API, "Organizations", show an organization, attribute permissions, as of 2026-11.
func mayUpdateTokens(organization list) bool {
	var a struct {
		Permissions struct {
			UpdateToken bool `json:"can-update-api-token"`
		} `json:"permissions"`
	}
	return len(organization.items) == 1 && json.Unmarshal(organization.items[0].Attributes, &a) == nil && a.Permissions.UpdateToken
}
