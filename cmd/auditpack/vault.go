package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"auditpack/collectors/vault"
	"auditpack/evidence"
)

// maxValueBytes bounds the value that a hash is asked for: Vault refuses requests larger than 32 MiB, and no secret is so long.
const maxValueBytes = 1 << 20

func vaultCommand() *cli.Command {
	return &cli.Command{
		Name:  "vault",
		Usage: "look into what was collected from Vault",
		Subcommands: []*cli.Command{
			{
				Name: "hash", Usage: "say whether and where a value was used, by the hash that an audit device writes for it",
				Description: "Reads the value from standard input (a line end at its end is not part of it; typed at a terminal, it is not shown), asks Vault for its\n" +
					"hash (sys/audit-hash), and looks for that hash in every collected line of the audit logs. The value is not kept. Each device hashes with\n" +
					"a key of its own: name the device whose log was collected. The token needs " + `path "sys/audit-hash/*" { capabilities = ["update"] }.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "device", Usage: "audit device whose hash is asked for: `PATH` such as file"},
					&cli.StringFlag{Name: "source", Usage: "source of type vault that is asked: `NAME`; not needed where there is one"},
					&cli.IntFlag{Name: "limit", Value: 1000, Usage: "list at most `N` lines; all are counted"},
				},
				Action: vaultHash,
			},
		},
	}
}

func vaultHash(c *cli.Context) error {
	switch {
	case c.Args().Present():
		return usagef("%s takes no argument: the value is read from standard input, where no list of processes and no history shows it", commandName(c))
	case strings.Trim(c.String("device"), "/") == "":
		return usagef("%s needs --device, the path of an audit device such as file", commandName(c))
	case c.Int("limit") < 0:
		return usagef("--limit: got %d, want 0 or more", c.Int("limit"))
	}
	s, err := openSession(c, false)
	if err != nil {
		return err
	}
	hasher, err := s.hasher(c.String("source"))
	if err != nil {
		return err
	}
	value, err := readValue(c)
	if err != nil {
		return err
	}
	hash, after := hasher.Hash(c.Context, c.String("device"), value)
	if hash == "" {
		return fmt.Errorf("vault hash: %w", after)
	}
	found := hashUses{Device: strings.Trim(c.String("device"), "/"), Hash: hash, Found: []hashUse{}}
	if err := found.search(c.Context, s, c.Int("limit")); err != nil {
		return fmt.Errorf("vault hash: %w", err)
	}
	if err := found.print(outputOf(c)); err != nil {
		return err
	}
	if after != nil { // the hash came, and something failed behind it
		return fmt.Errorf("vault hash: %w", after)
	}
	return nil
}

// hasher returns the source of type vault that name says, or the only one there is.
func (s *session) hasher(name string) (vault.Hasher, error) {
	var names []string
	for _, source := range s.Config.Sources {
		if source.Type == vault.Type.Name && (name == "" || source.Name == name) {
			names = append(names, source.Name)
		}
	}
	switch {
	case len(names) == 0 && name != "":
		return nil, usagef("--source: there is no source %q of type vault", name)
	case len(names) == 0:
		return nil, errors.New("the workspace has no source of type vault")
	case len(names) > 1:
		return nil, usagef("the workspace has %d sources of type vault: name one with --source: %s", len(names), strings.Join(names, ", "))
	}
	sources, err := s.Sources(names, toolName())
	if err != nil {
		return nil, err
	}
	hasher, ok := sources[0].Collector.(vault.Hasher)
	if !ok {
		return nil, fmt.Errorf("source %q tells no hashes", names[0])
	}
	return hasher, nil
}

// readValue reads the value from standard input. At a terminal it asks for it and shows nothing of it.
func readValue(c *cli.Context) (string, error) {
	if f, ok := c.App.Reader.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(c.App.ErrWriter, "Value (not shown): ")
		b, err := readHidden(c.Context, int(f.Fd()))
		fmt.Fprintln(c.App.ErrWriter)
		if err != nil {
			return "", fmt.Errorf("read the value: %w", err)
		}
		return checkValue(string(b))
	}
	return valueFrom(c.App.Reader)
}

// valueFrom reads a value; a line end at its end is not part of it.
func valueFrom(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxValueBytes+3)) // a byte too many, and a line end
	if err != nil {
		return "", fmt.Errorf("read the value: %w", err)
	}
	return checkValue(strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"))
}

func checkValue(value string) (string, error) {
	switch {
	case value == "":
		return "", usagef("there is no value: end the command with < and the name of a file that holds it")
	case len(value) > maxValueBytes:
		return "", usagef("the value is longer than %d bytes", maxValueBytes)
	}
	return value, nil
}

// hashUse is a line of evidence that holds the hash.
type hashUse struct {
	vault.Use
	Source   string          `json:"source"`
	Device   string          `json:"log"`      // name of the log
	Evidence evidence.Digest `json:"evidence"` // of the segment that line counts in
}

// hashUses is what a search found.
type hashUses struct {
	Device    string     `json:"device"` // that hashed
	Hash      string     `json:"hash"`
	Used      bool       `json:"used"`
	Uses      int64      `json:"uses"`      // lines that hold it, questions aside
	Questions int64      `json:"questions"` // lines of requests for this very hash, such as ours
	Segments  int64      `json:"segments"`  // of audit logs that were searched
	Lines     int64      `json:"lines"`     // in them
	Redacted  int64      `json:"redacted"`  // segments among them whose hashes or values were replaced before storing
	From      *time.Time `json:"from"`      // earliest and latest entry in them; null without any
	To        *time.Time `json:"to"`
	Found     []hashUse  `json:"found"` // in the order of collecting, at most as many as asked for
}

// search looks for the hash in each segment once, in the order of collecting.
func (h *hashUses) search(ctx context.Context, s *session, limit int) error {
	seen := map[evidence.Digest]bool{}
	return s.records(ctx, func(r stored) error {
		if r.Record.Kind != vault.KindAuditLog {
			return nil
		}
		for _, part := range r.Record.Content {
			if seen[part.Digest] {
				continue
			}
			seen[part.Digest] = true
			if err := h.searchPart(ctx, s, r, part, limit); err != nil {
				return fmt.Errorf("search %s: %w", part.Digest, err)
			}
		}
		return nil
	})
}

func (h *hashUses) searchPart(ctx context.Context, s *session, r stored, part evidence.Part, limit int) error {
	blob, err := s.store.Get(ctx, part.Digest)
	if err != nil {
		return err
	}
	defer blob.Close()
	for use, err := range vault.Uses(blob, h.Hash, &h.Lines) {
		if err != nil {
			return err
		}
		if use.Question {
			h.Questions++
		} else {
			h.Uses++
			h.Used = true
		}
		if len(h.Found) < limit {
			h.Found = append(h.Found, hashUse{Use: use, Source: r.Record.Source.Name, Device: part.Name, Evidence: part.Digest})
		}
	}
	h.Segments++
	if len(r.Record.Redactions) > 0 {
		h.Redacted++
	}
	if first := r.Record.Stated.First; first != nil && (h.From == nil || first.Before(*h.From)) {
		h.From = first
	}
	if last := r.Record.Stated.Last; last != nil && (h.To == nil || last.After(*h.To)) {
		h.To = last
	}
	return nil
}

func (h *hashUses) print(out output) error {
	if out.json {
		return out.object(h)
	}
	if len(h.Found) > 0 {
		var rows [][]any
		for _, u := range h.Found {
			what := u.Path
			if u.Question {
				what += " (asks for this hash)"
			}
			rows = append(rows, []any{u.Time, u.RequestID, u.Type, u.Operation, what, strings.TrimSpace(u.DisplayName + " " + u.EntityID), u.RemoteAddress, u.Device, short(u.Evidence), u.Line})
		}
		if err := out.table([]string{"time", "request", "type", "operation", "path", "who", "from", "log", "evidence", "line"}, rows); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out.w, h.conclusion())
	return err
}

// conclusion says what was found, and in what.
func (h *hashUses) conclusion() string {
	span := ""
	if h.From != nil && h.To != nil {
		span = fmt.Sprintf(", from %s to %s", h.From.UTC().Format(time.RFC3339), h.To.UTC().Format(time.RFC3339))
	}
	text := fmt.Sprintf("Not used: none of %s (%s of audit logs%s) holds %s.", count(int(h.Lines), "line"), count(int(h.Segments), "segment"), span, h.Hash)
	if h.Used {
		text = fmt.Sprintf("Used: %d of %s (%s of audit logs%s) hold %s.", h.Uses, count(int(h.Lines), "line"), count(int(h.Segments), "segment"), span, h.Hash)
	}
	if h.Questions > 0 {
		text += fmt.Sprintf("\n%s of requests for this very hash are not counted.", count(int(h.Questions), "line"))
	}
	if h.Redacted > 0 {
		text += fmt.Sprintf("\n%s had values in the clear that were replaced before storing: the hash cannot be found there.", count(int(h.Redacted), "segment"))
	}
	if listed := int64(len(h.Found)); listed < h.Uses+h.Questions {
		text += fmt.Sprintf("\nThe first %s are listed; --limit lists more.", count(int(listed), "line"))
	}
	return text
}
