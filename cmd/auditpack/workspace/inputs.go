package workspace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"auditpack/collectors"
	"auditpack/evidence"
)

// InputsSource is the name of the source that the workspace itself is: no configured source may have it.
const InputsSource = "workspace"

// KindInput is the kind of records that hold the workspace's own files.
const KindInput evidence.Kind = "workspace.file/1"

// Where people keep what they declare: a file of the name, or a folder of such files.
const (
	StatementOfApplicability = "statement-of-applicability" // one file, or a folder with one for each version and framework
	SystemDescription        = "system-description"         // likewise, one for each framework
	Subservices              = "subservice-organisations"
	ManualTests              = "manual-tests"
	Responses                = "responses"
	Frameworks               = "frameworks"
	Controls                 = "controls"
	Tests                    = "tests"
)

// Input is a file of the workspace that can change a verdict.
type Input struct {
	Name   string // slash-separated, relative to the workspace
	Bytes  []byte
	Digest evidence.Digest
}

// inputFolders are the folders whose YAML files can change a verdict.
var inputFolders = []string{StatementOfApplicability, SystemDescription, Subservices, ManualTests, Responses, Frameworks, Controls, Tests}

// single are the files that may stand in place of the folder of that name.
var single = []string{StatementOfApplicability + ".yaml", SystemDescription + ".yaml"}

// Folder is what an input is: the folder that it lies in, or would lie in.
func (in Input) Folder() string {
	folder, _, _ := strings.Cut(in.Name, "/")
	return strings.TrimSuffix(folder, ".yaml")
}

// Inputs reads the files of the workspace that can change a verdict, ordered by name: auditpack.yaml, the statements of
// applicability, the descriptions of systems, and the YAML files of subservice-organisations, manual-tests, responses, frameworks,
// controls and tests.
func (w *Workspace) Inputs() ([]Input, error) {
	names := []string{FileName}
	for _, name := range single {
		if _, err := os.Lstat(w.Path(name)); err == nil {
			names = append(names, name)
		}
	}
	for _, dir := range inputFolders {
		found, err := yamlFiles(w.Dir, dir)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	inputs := make([]Input, 0, len(names))
	for _, n := range names {
		b, err := os.ReadFile(w.Path(filepath.FromSlash(n)))
		if err != nil {
			return nil, fmt.Errorf("read workspace: %w", err)
		}
		inputs = append(inputs, Input{Name: n, Bytes: b, Digest: evidence.DigestOf(b)})
	}
	return inputs, nil
}

// yamlFiles lists the YAML files below dir, relative to root; none when there is no such folder. Links to files are followed:
// what stands behind one changes verdicts like any other file.
func yamlFiles(root, dir string) ([]string, error) {
	if _, err := os.Lstat(filepath.Join(root, dir)); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	base, err := filepath.EvalSymlinks(filepath.Join(root, dir))
	if err != nil {
		return nil, fmt.Errorf("read workspace: %w", err)
	}
	var names []string
	err = filepath.WalkDir(base, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return fmt.Errorf("%q is a link to a folder: put the files themselves there", path)
		}
		if ext := strings.ToLower(filepath.Ext(path)); ext != ".yaml" && ext != ".yml" {
			return nil
		}
		rel, err := filepath.Rel(base, path)
		names = append(names, filepath.ToSlash(filepath.Join(dir, rel)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read workspace: %w", err)
	}
	return names, nil
}

// inputsCollector keeps the workspace's own files as evidence, so that whatever changed a verdict can be shown.
type inputsCollector struct{ inputs []Input }

var inputsType = collectors.Type{
	Name:    InputsSource,
	Version: "1",
	Doc:     "Files of the workspace that can change a verdict.",
	Kinds:   []evidence.Kind{KindInput},
}

type inputsCursor struct {
	Digests []evidence.Digest `json:"digests"`
}

func cursorOf(inputs []Input) inputsCursor {
	c := inputsCursor{Digests: []evidence.Digest{}}
	for _, in := range inputs {
		c.Digests = append(c.Digests, in.Digest)
	}
	return c
}

// InputsUnchanged says whether last, the newest journal entry of InputsSource, holds just these inputs.
func InputsUnchanged(last evidence.Entry, inputs []Input) bool {
	var c inputsCursor
	return last.Number > 0 && json.Unmarshal(last.Cursor, &c) == nil && slices.Equal(c.Digests, cursorOf(inputs).Digests)
}

// InputsOf returns the source that stores inputs.
func InputsOf(inputs []Input) collectors.Source {
	return collectors.Source{Name: InputsSource, Type: inputsType, Collector: inputsCollector{inputs}}
}

func (c inputsCollector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	var record evidence.Record
	record.Kind = KindInput
	record.Procedure = "Read the files of the workspace that declare, answer or define: " + FileName + ", " + strings.Join(single, ", ") +
		" and the YAML files of " + strings.Join(inputFolders, ", ") + "."
	for _, in := range c.inputs {
		part, err := out.Put(ctx, KindInput, in.Name, "application/yaml", bytes.NewReader(in.Bytes))
		if err != nil {
			return err
		}
		record.Content = append(record.Content, part)
	}
	n := int64(len(c.inputs))
	record.Stated.ItemsSeen = &n
	if _, err := out.Add(ctx, record); err != nil {
		return err
	}
	out.Outcome(collectors.OutcomeOf("files", KindInput, n, nil))
	return out.SetCursor(cursorOf(c.inputs))
}
