package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/evidence"
	"auditpack/evidence/bundle"
	"auditpack/evidence/seal"
	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

func bundleCommand() *cli.Command {
	return &cli.Command{
		Name:  "bundle",
		Usage: "seal evidence, facts, tests, assessment and reports for an auditor",
		Description: "Writes one zip that an auditor checks offline, with auditpack verify or with coreutils, openssl and duckdb alone. It is sealed with\n" +
			"keys/seal.key.pem; the export becomes an entry of the journal.",
		Flags: append(append(append([]cli.Flag{frameworkFlag(),
			sealKeyFlag("what seals the bundle"), passphraseFlag(), requireTimestampFlag(),
		}, judgingFlags()...),
			&cli.StringFlag{Name: "format", Value: "pdf,xlsx", Usage: "`LIST` of pdf, xlsx, txt: the reports that go in"},
			&cli.StringFlag{Name: "lang", Value: "en,de", Usage: "`LIST` of en, de: the languages of the reports"},
		), outFlags()...),
		Action: func(c *cli.Context) error {
			o, err := reportOptionsOf(c)
			if err != nil {
				return err
			}
			return judged(c, func(j *judgement, all []assessment.Assessment) error {
				if len(all) != 1 {
					return usagef("a bundle is of one framework: name it with --framework")
				}
				return createBundle(c, o, j, all[0])
			})
		},
	}
}

func createBundle(c *cli.Context, o reportOptions, j *judgement, a assessment.Assessment) error {
	s := j.session
	release, err := s.store.Writing(c.Context) // nothing that goes into the bundle may go from the store before the journal says so
	if err != nil {
		return err
	}
	defer release()
	key, err := sealKey(c, s.Workspace)
	if err != nil {
		return err
	}
	if err := s.refuseReplaced(c.Context, key.Public()); err != nil {
		return fmt.Errorf("seal bundle: %w", err)
	}
	records := bundledRecords(j, a)
	files, err := o.bundled(j, a, key.Public().Fingerprint())
	if err != nil {
		return err
	}
	scripts, err := bundledScripts(j, a, records)
	if err != nil {
		return err
	}
	options := bundle.Options{
		Organization: a.Organization.Name, Identifier: fmt.Sprintf("%s %s", a.Framework.ID, j.window.name()), AsOf: a.AsOf, Agent: toolName(),
		Files: append(files, scripts...), Records: records, Store: s.store, Journal: s.store,
		Key: key, SealedAt: now(), Stamp: s.stampSeal(c), Force: o.force,
	}
	if err := s.addCheckpoint(c.Context, &options); err != nil {
		return err
	}
	summary, err := bundle.Create(c.Context, o.out, options)
	if err != nil {
		if errors.Is(err, fs.ErrExist) {
			return writeError(o.out, fs.ErrExist)
		}
		return err
	}
	if err := s.noteExport(c.Context, summary, fmt.Sprintf("bundle %s %s, sealed with %s", a.Framework.ID, j.window.name(), keyAndPlace(key))); err != nil {
		return fmt.Errorf("bundle is written, but its export could not be noted in the journal: %w", err)
	}
	if c.Bool("json") {
		return outputOf(c).object(struct {
			Path string `json:"path"`
			bundle.Summary
		}{o.out, summary})
	}
	fmt.Fprintf(c.App.Writer, "%s\n%d members, %s; %d records, %d blobs, %d journal entries\nmanifest %s\nsealed with %s\n",
		o.out, summary.Members, formatBytes(summary.SizeBytes), summary.Records, summary.Evidence, summary.Entries, summary.Manifest, summary.Fingerprint)
	note(c, "tell your auditor the fingerprint by another way than the bundle")
	return nil
}

// noteExport keeps the bundle's manifest, so that it can always be said what was in it, and notes in the journal that it left the house.
func (s *session) noteExport(ctx context.Context, summary bundle.Summary, text string) error {
	if _, err := evidence.PutBytes(ctx, s.store, summary.Contents); err != nil {
		return err
	}
	_, err := s.store.Append(ctx, evidence.Entry{
		Type: evidence.EntryExported, Time: now(), Actor: actor(), Subjects: []evidence.Digest{summary.Manifest}, Note: text,
	})
	return err
}

// keyAndPlace names the key in the journal, so that the one in Vault can be found again.
func keyAndPlace(key seal.Signer) string {
	if place := key.Place(); place != "" {
		return key.Public().Fingerprint() + " (" + place + ")"
	}
	return key.Public().Fingerprint()
}

// addCheckpoint signs the journal as it is now.
func (s *session) addCheckpoint(ctx context.Context, o *bundle.Options) error {
	signer, err := s.logSigner()
	if err != nil {
		return err
	}
	at, err := seal.VerifyJournal(ctx, s.store, seal.Origin(s.store.UUID()))
	if err != nil {
		return err
	}
	if o.Checkpoint, err = seal.SignCheckpoint(at, signer); err != nil {
		return err
	}
	public := keyPath(s.Workspace, logPublicFile)
	if o.LogKey, err = seal.LoadLogVerifier(public); err != nil {
		return err
	}
	text, err := os.ReadFile(public)
	if err != nil {
		return fmt.Errorf("read log key: %w", err)
	}
	o.LogKeyText = string(text)
	return nil
}

// bundledRecords are the records that the assessment shows, and the workspace's own files.
func bundledRecords(j *judgement, a assessment.Assessment) []evidence.Digest {
	var records []evidence.Digest
	for _, e := range a.Evidence {
		records = append(records, e.Record)
	}
	for _, r := range slices.Backward(j.known.records) {
		if r.Record.Kind == workspace.KindInput {
			records = append(records, r.Digest)
			break
		}
	}
	slices.Sort(records)
	return slices.Compact(records)
}

// bundled are the files that are made for the bundle: reports, assessment, catalogue and facts.
func (o reportOptions) bundled(j *judgement, a assessment.Assessment, fingerprint string) ([]bundle.File, error) {
	rendered, err := o.render(fingerprint, string(a.Framework.ID)+"_"+j.window.name(), func(t templates.Text) reports.Document {
		return reports.Evidence(a, t)
	})
	if err != nil {
		return nil, err
	}
	var files []bundle.File
	for _, f := range rendered {
		files = append(files, bundle.BytesFile("reports/"+f.name, f.bytes))
	}
	b, err := a.Encode()
	if err != nil {
		return nil, err
	}
	files = append(files, bundle.BytesFile("assessment/"+string(a.Framework.ID)+".json", b))
	for _, f := range j.catalogue.Files {
		if strings.HasPrefix(f.Name, "templates/") || slices.Contains([]string{"workspace/parameters.json", "workspace/owners.json"}, f.Name) { // the workspace's other files are evidence
			files = append(files, bundle.BytesFile("catalogue/"+f.Name, f.Content))
		}
	}
	for _, p := range j.db.Parts() {
		files = append(files, bundle.DiskFile("facts/"+p.Table+"/"+p.Name, p.Path))
	}
	return files, nil
}
