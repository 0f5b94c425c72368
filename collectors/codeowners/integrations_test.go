package codeowners

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
)

func TestIntegrationsOf(t *testing.T) {
	tests := []struct {
		name, file, content string
		want                []integration
	}{
		{"providers, in all their spellings", "versions.tf", `terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws" # ours
    }
    dd    = { source = "app.terraform.io/acme/datadog" }
    local = "~> 2.0"
    // source = "commented/out"
    /* source = "commented/out"
    source = "still/out" */
  }
}
provider "aws" {
  region = "eu-central-1"
}`, []integration{
			{4, "provider", "hashicorp/aws", "registry.terraform.io/hashicorp"},
			{6, "provider", "app.terraform.io/acme/datadog", "app.terraform.io/acme"},
			{7, "provider", "local", "registry.terraform.io/hashicorp"},
			{13, "provider", "aws", ""},
		}},
		{"modules", "main.tf", `module "a" {
  source = "./local"
}
module "b" { source = "terraform-aws-modules/vpc/aws" }
module "c" {
  providers = { aws = aws.west }
  source  = "git@github.com:other/x.git"
}
module "d" {
  source = "git::https://user:secret@git.example/team/x.git//sub?ref=1"
}
module "e" {
  source = "s3::https://s3-eu-central-1.amazonaws.com/bucket/x.zip?aws_access_key_secret=x&version=3&sshkey=y"
}
module "f" {
  source = "app.terraform.io/other/x/aws"
}
resource "aws_instance" "x" {
  source = "not/a/module"
}`, []integration{
			{4, "module", "terraform-aws-modules/vpc/aws", "registry.terraform.io/terraform-aws-modules"},
			{7, "module", "git@github.com:other/x.git", "github.com/other"},
			{10, "module", "git::https://git.example/team/x.git//sub?ref=1", "git.example/team"},
			{13, "module", "s3::https://s3-eu-central-1.amazonaws.com/bucket/x.zip?version=3", "s3-eu-central-1.amazonaws.com/bucket"},
			{16, "module", "app.terraform.io/other/x/aws", "app.terraform.io/other"},
		}},
		{"webhooks and apps", "hooks.tf", `resource "github_repository_webhook" "ci" {
  url = "https://hooks.slack.com/services/T0/B0/secret"
}
resource "github_app_installation_repository" "x" {}
resource "aws_webhooked" "no" {}`, []integration{
			{1, "webhook", "github_repository_webhook", ""},
			{2, "webhook", "hooks.slack.com", "hooks.slack.com"},
			{4, "app", "github_app_installation_repository", ""},
		}},
		{"workflow", ".github/workflows/ci.yml", `jobs:
  a:
    uses: other/repo/.github/workflows/x.yml@main
    steps:
      - uses: actions/checkout@v4 # first
      - name: x
        uses: "docker://ghcr.io/other/image:1"
      - uses: docker://alpine
      - uses: ./local
      # - uses: not/this@v1`, []integration{
			{3, "action", "other/repo/.github/workflows/x.yml@main", "github.com/other"},
			{5, "action", "actions/checkout@v4", "github.com/actions"},
			{7, "action", "docker://ghcr.io/other/image:1", "ghcr.io"},
			{8, "action", "docker://alpine", "docker.io"},
		}},
		{"any other file", "notes.md", "uses: a/b@v1\nmodule \"x\" { source = \"y/z/w\" }\npost to https://acme.webhook.office.com/abc\n", []integration{
			{3, "webhook", "acme.webhook.office.com", "acme.webhook.office.com"},
		}},
		{"binary", "x.tf", "provider \"x\" {\x00", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := integrationsOf(tt.file, []byte(tt.content))
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(integration{})); diff != "" {
				t.Errorf("integrations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddedIsWhatIsNewInTheFile(t *testing.T) {
	before := "provider \"a\" {}\n"
	got := added("x.tf", []byte(before), []byte("# moved\nprovider \"a\" {}\nprovider \"b\" {}\nprovider \"b\" {}\n"))
	want := []integration{{3, "provider", "b", ""}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(integration{})); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
}

func TestRedact(t *testing.T) {
	tests := []struct{ text, want, rules string }{
		{"a = \"https://hooks.slack.com/services/T0/B0/xyz\"\nb\n", "a = \"https://hooks.slack.com/[redacted]\"\nb\n", "1 addresses"},
		{"https://discord.com/api/webhooks/1/xyz", "https://discord.com/api/webhooks/[redacted]", "1 addresses"},
		{"https://events.pagerduty.com/integration/xyz/enqueue", "https://events.pagerduty.com/[redacted]", "1 addresses"},
		{`{"patch":"+a = \"https://hooks.slack.com/services/T0/xyz\"\n+b"}`, `{"patch":"+a = \"https://hooks.slack.com/[redacted]\"\n+b"}`, "1 addresses"},
		{`{"patch":"+https://hooks.zapier.com/x\n+b"}`, `{"patch":"+https://hooks.zapier.com/[redacted]\n+b"}`, "1 addresses"},
		{`{"patch":"+https://outlook.office.com/webhook/x?a=1\u0026sig=xyz\u003e"}`, `{"patch":"+https://outlook.office.com/webhook/[redacted]\u003e"}`, "1 addresses"},
		{"git::https://user:p@ss@git.example/x https://ghp_1@github.com/y http://:pw@z", "git::https://[redacted]@git.example/x https://[redacted]@github.com/y http://[redacted]@z", "3 user"},
		{`{"url":"https://x.example:80","mail":"a@b","html":"https://x/@acme"}`, `{"url":"https://x.example:80","mail":"a@b","html":"https://x/@acme"}`, ""},
		{"git::ssh://git@github.com/a/b.git", "git::ssh://git@github.com/a/b.git", ""},
		{`source = "git::ssh://git@x/y?ref=v1&sshkey=xyz&depth=1"`, `source = "git::ssh://git@x/y?ref=v1&sshkey=[redacted]&depth=1"`, "1 parameters"},
		{`{"patch":"source=\"s3::https://x/y.zip?aws_access_key_secret=xyz\u0026version=1\u0026xyz\"\n"}`,
			`{"patch":"source=\"s3::https://x/y.zip?aws_access_key_secret=[redacted]\u0026version=1\u0026[redacted]\"\n"}`, "1 parameters"},
		{`url: s3::https://x/y?version=1&aws_access_token=xyz`, `url: s3::https://x/y?version=1&aws_access_token=[redacted]`, "1 credentials"},
		{`source = "hashicorp/aws" source = "x?ref=1"`, `source = "hashicorp/aws" source = "x?ref=1"`, ""},
	}
	for _, tt := range tests {
		clean, done := redact([]byte(tt.text), []byte("as received"))
		var rules []string
		for _, d := range done {
			word, _, _ := strings.Cut(d.Rule, " ")
			rules = append(rules, fmt.Sprintf("%d %s", d.Count, word))
			if d.Before != evidence.DigestOf([]byte("as received")) {
				t.Errorf("%q: before is not the digest of what was received", tt.text)
			}
		}
		if string(clean) != tt.want || strings.Join(rules, ", ") != tt.rules {
			t.Errorf("%q: got %q by %q, want %q by %q", tt.text, clean, rules, tt.want, tt.rules)
		}
	}
}

func FuzzRedactKeepsJSON(f *testing.F) {
	f.Add("+a = \"https://hooks.slack.com/services/T0/xyz\"\n+source = \"git::https://u:p@x/y?a=b&ref=1\"")
	f.Fuzz(func(t *testing.T, patch string) {
		answer, err := json.Marshal(map[string]string{"patch": patch})
		if err != nil {
			t.Fatal(err)
		}
		if clean, _ := redact(answer, answer); !json.Valid(clean) {
			t.Errorf("%s became %s, which is no JSON", answer, clean)
		}
	})
}

func FuzzIntegrationsOf(f *testing.F) {
	f.Add("main.tf", "module \"x\" {\n source = \"a@b:c/d\"\n}\n/* } */ required_providers { x = { source = \"/\" } }")
	f.Add(".github/workflows/x.yml", "- uses: a/b@c")
	f.Fuzz(func(t *testing.T, name, content string) {
		lines := strings.Count(content, "\n") + 1
		for _, i := range integrationsOf(name, []byte(content)) {
			if i.line < 1 || i.line > lines || i.sort == "" {
				t.Errorf("got %+v of %d lines", i, lines)
			}
		}
	})
}

func TestLinksOf(t *testing.T) {
	tests := map[string]map[string]string{
		"": {},
		`<https://x/repositories/1/pulls?page=2>; rel="next", <https://x/repositories/1/pulls?page=7>; rel="last"`: {
			"next": "https://x/repositories/1/pulls?page=2", "last": "https://x/repositories/1/pulls?page=7"},
		`<https://x/a?after=Y3Vy,c29y>; rel="next"`:     {"next": "https://x/a?after=Y3Vy,c29y"},
		`<https://x/a>; title="x"; rel="next prefetch"`: {"next": "https://x/a", "prefetch": "https://x/a"},
		`garbage`: {},
		`<`:       {},
	}
	for header, want := range tests {
		if diff := cmp.Diff(want, linksOf(header)); diff != "" {
			t.Errorf("linksOf(%q) (-want +got):\n%s", header, diff)
		}
	}
}

func FuzzLinksOf(f *testing.F) {
	f.Add(`<https://x/a?page=2>; rel="next", <https://x/a?page=3>; rel="last"`)
	f.Add(`>;<,;rel=`)
	f.Fuzz(func(_ *testing.T, header string) {
		for _, target := range linksOf(header) {
			pageNumber(target)
		}
	})
}

func TestRuleInHistoryCoversEveryPlaceOfTheFile(t *testing.T) {
	var got []string
	for _, p := range guarded([]Protected{{Path: "docs/CODEOWNERS", Purpose: purposeCodeowners, Owners: []string{"@a"}}, {Path: "modules/kms/", Purpose: purposeKMS}}) {
		got = append(got, p.Path+" "+strings.Join(p.Owners, ","))
	}
	want := []string{"docs/CODEOWNERS @a", "modules/kms/ ", ".github/CODEOWNERS @a", "CODEOWNERS @a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("guarded (-want +got):\n%s", diff)
	}
}
