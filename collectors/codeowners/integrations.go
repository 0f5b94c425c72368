package codeowners

import (
	"path"
	"regexp"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/internal/jsonlines"
)

// maxScanned is up to which size a changed file is searched for external integrations.
const maxScanned = 1 << 20 // bytes; what people write by hand is smaller

// Sorts of external integrations.
const (
	integrationProvider = "provider"
	integrationModule   = "module"
	integrationAction   = "action"
	integrationWebhook  = "webhook"
	integrationApp      = "app"
)

// integrationRow is a row of the fact table external_integration_seen.
type integrationRow struct {
	Evidence evidence.Digest `json:"evidence"` // of the changed file as the commit left it
	Line     int             `json:"line"`
	Source   string          `json:"source"`
	Branch   string          `json:"branch"`
	Commit   string          `json:"commit"`
	LandedAt time.Time       `json:"landed_at"`
	Path     string          `json:"path"`
	Sort     string          `json:"sort"`
	Value    string          `json:"value"`
	Origin   jsonlines.Text  `json:"origin"` // host and namespace that it comes from
	Own      bool            `json:"own"`    // the namespace is the owner of the repository
}

// integration is one reference to something outside the repository.
type integration struct {
	line   int
	sort   string
	value  string // never a secret: of a webhook's URL the host alone, of a source no credentials
	origin string
}

var (
	moduleHeader    = regexp.MustCompile(`^module\b`)
	providersHeader = regexp.MustCompile(`^required_providers\b`)
	sourceAttribute = regexp.MustCompile(`\bsource\s*=\s*"([^"]+)"`)
	providerBlock   = regexp.MustCompile(`^\s*provider\s+"([^"]+)"\s*\{`)
	providerPinned  = regexp.MustCompile(`^\s*([A-Za-z0-9_-]+)\s*=\s*"[^"]*"\s*$`)
	resourceBlock   = regexp.MustCompile(`^\s*resource\s+"([^"]+)"`)
	usesKey         = regexp.MustCompile(`^\s*(?:-\s*)?["']?uses["']?\s*:\s*["']?([^"'\s#]+)`)
	webhookURL      = regexp.MustCompile(`https://(hooks\.slack\.com|discord(?:app)?\.com/api/webhooks|[a-z0-9.-]+\.webhook\.office\.com|outlook\.office\.com/webhook|hooks\.zapier\.com|chat\.googleapis\.com/v1/spaces|events\.pagerduty\.com)`)
	webhookResource = regexp.MustCompile(`(^|_)webhook(s)?(_|$)`)
	appResource     = regexp.MustCompile(`(^|_)(app_installation|app_installation_repository|app_installation_repositories|oauth_client|oauth_application|integration)(s)?(_|$)`)
	hostPattern     = regexp.MustCompile(`^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(:[0-9]+)?$`)
)

// scans says whether a file of this name is searched. Webhook addresses are looked for in every text file.
func isTerraform(name string) bool { return strings.HasSuffix(name, ".tf") }

func isWorkflow(name string) bool {
	ext := path.Ext(name)
	if ext != ".yml" && ext != ".yaml" {
		return false
	}
	base := path.Base(name)
	return strings.HasPrefix(name, ".github/workflows/") || base == "action.yml" || base == "action.yaml"
}

// added returns the integrations of after that before lacks, in their order, each once.
func added(name string, before, after []byte) []integration {
	type key struct{ sort, value string }
	known := map[key]bool{}
	for _, i := range integrationsOf(name, before) {
		known[key{i.sort, i.value}] = true
	}
	var out []integration
	for _, i := range integrationsOf(name, after) {
		if k := (key{i.sort, i.value}); !known[k] {
			known[k] = true
			out = append(out, i)
		}
	}
	return out
}

// integrationsOf searches one file line by line.
func integrationsOf(name string, content []byte) []integration {
	if len(content) > maxScanned || strings.ContainsRune(string(content), 0) {
		return nil
	}
	var out []integration
	blocks := blockStack{}
	n := 0
	for raw := range strings.Lines(string(content)) {
		n++
		line := strings.TrimRight(raw, "\r\n")
		if m := webhookURL.FindStringSubmatch(line); m != nil {
			out = append(out, integration{line: n, sort: integrationWebhook, value: m[1], origin: hostOf(m[1])})
		}
		switch {
		case isTerraform(name):
			out = append(out, terraformLine(n, line, &blocks)...)
		case isWorkflow(name):
			if m := usesKey.FindStringSubmatch(line); m != nil {
				out = append(out, actionOf(n, m[1])...)
			}
		}
	}
	return out
}

func hostOf(s string) string {
	host, _, _ := strings.Cut(s, "/")
	return host
}

// blockStack follows the nesting of HCL blocks, by their first words.
type blockStack struct {
	headers []string
	comment bool // within /* */
}

func (b *blockStack) within(header *regexp.Regexp) bool {
	for _, h := range b.headers {
		if header.MatchString(h) {
			return true
		}
	}
	return false
}

// directly says whether the innermost block has such a header.
func (b *blockStack) directly(header *regexp.Regexp) bool {
	return len(b.headers) > 0 && header.MatchString(b.headers[len(b.headers)-1])
}

// code returns line without comments; texts in quotes stay.
func (b *blockStack) code(line string) string {
	var out strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		rest := line[i:]
		switch {
		case b.comment:
			if strings.HasPrefix(rest, "*/") {
				b.comment = false
				i++
			}
		case quoted && rest[0] == '\\' && len(rest) > 1:
			out.WriteString(rest[:2])
			i++
		case rest[0] == '"':
			quoted = !quoted
			out.WriteByte('"')
		case !quoted && strings.HasPrefix(rest, "/*"):
			b.comment = true
			i++
		case !quoted && (rest[0] == '#' || strings.HasPrefix(rest, "//")):
			return out.String()
		default:
			out.WriteByte(rest[0])
		}
	}
	return out.String()
}

// enter notes the blocks that code opens and closes.
func (b *blockStack) enter(code string) {
	quoted, from := false, 0
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			b.headers = append(b.headers, strings.TrimSpace(code[from:i]))
			from = i + 1
		case c == '}':
			if len(b.headers) > 0 {
				b.headers = b.headers[:len(b.headers)-1]
			}
			from = i + 1
		}
	}
}

// terraformLine reads one line of a configuration.
func terraformLine(n int, line string, blocks *blockStack) (out []integration) {
	code := blocks.code(line)
	add := func(sort, value, origin string) {
		out = append(out, integration{line: n, sort: sort, value: value, origin: origin})
	}
	inProviders := blocks.within(providersHeader) || strings.Contains(code, "required_providers")
	inModule := blocks.directly(moduleHeader) || moduleHeader.MatchString(strings.TrimSpace(code))
	directProvider := blocks.directly(providersHeader)
	blocks.enter(code)
	if m := sourceAttribute.FindStringSubmatch(code); m != nil {
		switch {
		case inProviders:
			add(integrationProvider, m[1], registryOrigin(m[1], 2))
		case inModule && !strings.HasPrefix(m[1], "./") && !strings.HasPrefix(m[1], "../"):
			add(integrationModule, withoutSecrets(m[1]), moduleOrigin(m[1]))
		}
	} else if m := providerPinned.FindStringSubmatch(code); m != nil && directProvider {
		add(integrationProvider, m[1], registryOrigin("hashicorp/"+m[1], 2))
	}
	if m := providerBlock.FindStringSubmatch(code); m != nil {
		add(integrationProvider, m[1], "")
	}
	if m := resourceBlock.FindStringSubmatch(code); m != nil {
		switch {
		case webhookResource.MatchString(m[1]):
			add(integrationWebhook, m[1], "")
		case appResource.MatchString(m[1]):
			add(integrationApp, m[1], "")
		}
	}
	return out
}

// defaultRegistry is where Terraform looks when an address names no host.
const defaultRegistry = "registry.terraform.io"

// registryOrigin returns host and namespace of [HOST/]NAMESPACE/..., whose part without host has words elements.
func registryOrigin(address string, words int) string {
	elements := strings.Split(address, "/")
	if len(elements) > words && hostPattern.MatchString(elements[0]) {
		return elements[0] + "/" + elements[1]
	}
	if len(elements) < 2 {
		return defaultRegistry
	}
	return defaultRegistry + "/" + elements[0]
}

// moduleOrigin returns host and namespace of a module's source: a registry address, a git or web URL, or a bucket.
func moduleOrigin(source string) string {
	s, _, _ := strings.Cut(withoutSecrets(source), "?")
	explicit := false
	for _, forced := range []string{"git::", "hg::", "s3::", "gcs::"} {
		if rest, ok := strings.CutPrefix(s, forced); ok {
			s, explicit = rest, true
		}
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s, explicit = rest, true
	} else if user, rest, ok := strings.Cut(s, "@"); ok && !strings.Contains(user, "/") {
		s, explicit = strings.Replace(rest, ":", "/", 1), true // git@host:owner/name
	}
	if _, rest, ok := strings.Cut(s, "@"); ok && explicit {
		s = rest
	}
	elements := strings.Split(strings.Trim(s, "/"), "/")
	if explicit || elements[0] == "github.com" || elements[0] == "bitbucket.org" {
		if len(elements) > 1 {
			return elements[0] + "/" + strings.TrimSuffix(elements[1], ".git")
		}
		return elements[0]
	}
	return registryOrigin(s, 3)
}

// actionOf reads the value of a uses key: OWNER/REPOSITORY[/PATH]@REF or docker://IMAGE. What lies in the same repository is none.
func actionOf(n int, value string) []integration {
	if strings.HasPrefix(value, "./") || strings.HasPrefix(value, "../") {
		return nil
	}
	value = withoutSecrets(value)
	if image, ok := strings.CutPrefix(value, "docker://"); ok {
		origin := "docker.io"
		if host, _, deeper := strings.Cut(image, "/"); deeper && hostPattern.MatchString(host) {
			origin = host
		}
		return []integration{{line: n, sort: integrationAction, value: value, origin: origin}}
	}
	owner, _, ok := strings.Cut(value, "/")
	if !ok {
		return nil
	}
	return []integration{{line: n, sort: integrationAction, value: value, origin: "github.com/" + owner}}
}

// isOwn says whether an origin's namespace is the owner of the repository.
func (i integration) isOwn(owner string) bool {
	_, namespace, ok := strings.Cut(i.origin, "/")
	return ok && owner != "" && strings.EqualFold(namespace, owner)
}
