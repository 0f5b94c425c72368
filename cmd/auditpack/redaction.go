package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/collectors"
	"auditpack/collectors/redaction"
	"auditpack/evidence"
)

func redactionCommand() *cli.Command {
	return &cli.Command{
		Name:  "redaction",
		Usage: "what is taken out of evidence before it is stored",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the rules in the order in which they apply to each source",
				Action: redactionList,
			},
			{
				Name: "pseudonym", Usage: "say the pseudonym of a value, to find it in evidence",
				Description: "Reads the value from standard input, or from a file (a line end at its end is not part of it; typed at a terminal, it is not\n" +
					"shown). Every byte of it counts: another spelling has another pseudonym. The value is not kept. It takes the key of pseudonyms.",
				Flags:  []cli.Flag{&cli.StringFlag{Name: "value-file", Usage: "`FILE` that holds the value"}},
				Action: redactionPseudonym,
			},
			{
				Name: "key", Usage: "make the key of pseudonyms",
				Description: "The first collection that needs the key makes it by itself. By hand it is made where that refuses: after the key was lost. Whoever\n" +
					"has the key can tell whether a pseudonym is that of a value he guesses; it is in no store, record, report or bundle.",
				Action: redactionKey,
			},
		},
	}
}

// ruleLine is a rule in force as JSON.
type ruleLine struct {
	Source  string   `json:"source"`
	ID      string   `json:"id"`
	Kinds   []string `json:"kinds"` // empty: all
	Field   string   `json:"field"` // empty: lines of what is no JSON
	Pattern string   `json:"pattern"`
	Action  string   `json:"action"`
}

func redactionList(c *cli.Context) error {
	if err := refuseArguments(c); err != nil {
		return err
	}
	w, err := openWorkspace(c)
	if err != nil {
		return err
	}
	list := listing{out: outputOf(c)}
	for _, s := range w.Config.Sources {
		for _, r := range w.RedactionRules(s) {
			kinds := "all"
			if len(r.Kinds) > 0 {
				kinds = strings.Join(r.Kinds, ", ")
			}
			line := ruleLine{Source: s.Name, ID: r.ID, Kinds: append([]string{}, r.Kinds...), Field: r.Field, Pattern: r.Pattern, Action: string(r.Action)}
			if err := list.add(line, s.Name, r.ID, kinds, r.Field, r.Pattern, r.Action); err != nil {
				return err
			}
		}
	}
	return list.end("source", "rule", "kinds", "field", "pattern", "action")
}

// pseudonymLine is a pseudonym as JSON.
type pseudonymLine struct {
	Pseudonym string `json:"pseudonym"`
	Key       string `json:"key"` // identifier, as records have it
}

func redactionPseudonym(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("%s takes no argument: the value is read from standard input or --value-file, where no list of processes and no history shows it", commandName(c))
	}
	w, err := openWorkspace(c)
	if err != nil {
		return err
	}
	key, err := redaction.ReadKey(w.PseudonymKey())
	if err != nil {
		return err
	}
	value, err := givenValue(c)
	if err != nil {
		return err
	}
	line := pseudonymLine{key.Pseudonym(value), key.ID()}
	if out := outputOf(c); out.json {
		return out.object(line)
	}
	_, err = fmt.Fprintln(c.App.Writer, line.Pseudonym)
	return err
}

// givenValue is the value in --value-file, or on standard input.
func givenValue(c *cli.Context) (string, error) {
	name := c.String("value-file")
	if name == "" {
		return readValue(c)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("read value: %w", err)
	}
	defer f.Close()
	return valueFrom(f)
}

func redactionKey(c *cli.Context) error {
	if err := refuseArguments(c); err != nil {
		return err
	}
	w, err := openWorkspace(c)
	if err != nil {
		return err
	}
	key, err := redaction.MakeKey(w.PseudonymKey())
	if err != nil {
		return err
	}
	noteNewKey(c, w.PseudonymKey())
	if out := outputOf(c); out.json {
		return out.object(pseudonymLine{Key: key.ID()})
	}
	_, err = fmt.Fprintln(c.App.Writer, key.ID())
	return err
}

func noteNewKey(c *cli.Context, path string) {
	note(c, "made %s, the key of pseudonyms: keep it secret and keep a copy. Without it nobody can say whose a pseudonym is, and new evidence gets other ones", path)
}

// pseudonymKey is the key that the sources need, nil when none does. It is made at its first use. One that is gone is not replaced: the
// same values would get other pseudonyms, and nobody would see it.
func (s *session) pseudonymKey(c *cli.Context, sources []collectors.Source) (*redaction.Key, error) {
	if !slices.ContainsFunc(sources, func(x collectors.Source) bool { return x.Redaction.NeedsKey() }) {
		return nil, nil
	}
	path := s.PseudonymKey()
	key, err := redaction.ReadKey(path)
	if !errors.Is(err, redaction.ErrNoKey) {
		return key, err
	}
	used, source, err := s.usedKey(c.Context)
	if err != nil {
		return nil, err
	}
	if used != "" {
		return nil, fmt.Errorf("%q is gone, and evidence of %s has pseudonyms that were made with it (key %s): put it back. If it is lost, auditpack redaction key makes another one, with which the same values get other pseudonyms", path, source, used)
	}
	if key, err = redaction.MakeKey(path); err != nil {
		return nil, err
	}
	noteNewKey(c, path)
	return key, nil
}

// usedKey looks for the key that the newest pseudonyms were made with. A collection that found nothing new, or failed, has none: it looks
// in those before it, also of sources that are configured no more.
func (s *session) usedKey(ctx context.Context) (key, source string, err error) {
	size, err := s.store.Size(ctx)
	if err != nil {
		return "", "", err
	}
	for n := size; n > 0; n-- {
		e, err := entryOf(ctx, s.store, n)
		if err != nil {
			return "", "", err
		}
		for _, d := range e.Records {
			r, err := readRecord(ctx, s.store, d)
			if errors.Is(err, evidence.ErrNotFound) { // a retention rule took it
				continue
			}
			if err != nil {
				return "", "", fmt.Errorf("journal entry %d: record %s: %w", e.Number, d, err)
			}
			for _, x := range r.Redactions {
				if x.Key != "" {
					return x.Key, e.Source, nil
				}
			}
		}
	}
	return "", "", nil
}
