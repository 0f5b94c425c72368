package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"auditpack/cmd/auditpack/workspace"
	"auditpack/collectors/exceptions"
	"auditpack/internal/atomicfile"
	"auditpack/internal/textfiles"
	"auditpack/reports/assessment"
)

func newExceptionCommand() *cli.Command {
	return &cli.Command{
		Name: "new", Usage: "write an exception file that lacks only what people must decide",
		Description: "Writes ID.yml into the folder of the workspace's exceptions, or into --out, which needs no workspace. What no flag gives stands in the file as a\n" +
			"comment that says what belongs there. Then the file is checked as the audit will check it, and what is missing is named. Nothing is ever\n" +
			"written over. With --approved the last day is 90 days later unless --expires names it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "control", Usage: "identifier of the `CONTROL` or test that is deviated from"},
			&cli.StringFlag{Name: "id", Usage: "the exception's own `ID`; EXC-CONTROL-NNN with the next free number unless given"},
			&cli.StringFlag{Name: "resource", Usage: "the one `RESOURCE` that deviates, such as terraform:prod-network"},
			&cli.StringFlag{Name: "reason", Usage: "why the control cannot be met, and what is planned: `TEXT`"},
			&cli.StringFlag{Name: "risk-level", Usage: "`LEVEL` low, medium, high or critical"},
			&cli.StringFlag{Name: "risk-owner", Usage: "`WHO` carries the risk"},
			&cli.StringFlag{Name: "requested-by", Usage: "`WHO` asks"},
			&cli.StringSliceFlag{Name: "approval", Usage: "`ROLE: NAME: DATE`; may be repeated"},
			&cli.StringFlag{Name: "approved-by", Usage: "`ROLE - NAME` of who approved last; the latest --approval unless given"},
			&cli.StringFlag{Name: "approved", Usage: "`DATE` of that approval"},
			&cli.StringFlag{Name: "expires", Usage: "last `DATE` on which it holds"},
			&cli.StringFlag{Name: "review", Usage: "`DATE` on which it is looked at again"},
			&cli.StringSliceFlag{Name: "compensating", Usage: "`TEXT`: what replaces the control meanwhile; may be repeated"},
			&cli.StringFlag{Name: "renews", Usage: "`ID` of the exception that this one renews"},
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "folder or .yml file to write: `PATH`"},
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("exceptions new takes no argument, got %q; a folder or file goes with --out", c.Args().First())
			}
			return newException(c)
		},
	}
}

// longestException is what an exception may last: WAF++ says 90 days from approval to the last one.
const longestException = 90 // days

// draft is an exception that is being written: what is empty is left to people.
type draft struct{ exceptions.File }

func newException(c *cli.Context) error {
	d, err := draftOf(c)
	if err != nil {
		return err
	}
	path, err := d.place(c)
	if err != nil {
		return err
	}
	rules, err := exceptionRulesOf(c)
	if err != nil {
		return err
	}
	b := d.yaml(rules.asksForImpact())
	if err := d.check(path, b); err != nil {
		return err
	}
	if err := atomicfile.Write(path, b, 0o644); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("write %q: it is there already, and no exception is written over; give another --id or --out", path)
		}
		return writeError(path, err)
	}
	files, results, err := rules.lint(c.Context, []string{path}, now().Truncate(24*time.Hour))
	if err != nil {
		return fmt.Errorf("check %q: %w", path, err)
	}
	missing := findingsOf(results, files)
	if c.Bool("json") {
		return outputOf(c).object(struct {
			ID      string        `json:"id"`
			File    string        `json:"file"`
			Missing []lintFinding `json:"missing"` // what the audit will still find
		}{d.ExceptionID, path, append([]lintFinding{}, missing...)})
	}
	fmt.Fprintln(c.App.Writer, path)
	for _, m := range missing {
		note(c, "to be decided: %s", m)
	}
	return nil
}

// draftOf reads the flags.
func draftOf(c *cli.Context) (draft, error) {
	d := draft{File: exceptions.File{
		ExceptionID: c.String("id"), Control: c.String("control"), Resource: c.String("resource"), Reason: c.String("reason"),
		RiskLevel: c.String("risk-level"), RiskOwner: c.String("risk-owner"), RequestedBy: c.String("requested-by"), ApprovedBy: c.String("approved-by"),
		ApprovedDate: c.String("approved"), ExpiryDate: c.String("expires"), ReviewDate: c.String("review"), Renews: c.String("renews"),
	}}
	if d.ExceptionID == "" && d.Control == "" {
		return d, usagef("exceptions new: give --control, or --id")
	}
	for _, text := range c.StringSlice("approval") {
		words := strings.SplitN(text, ":", 3)
		if len(words) != 3 {
			return d, usagef("--approval: got %q, want ROLE: NAME: DATE, such as %q", text, "CISO: Max Mustermann: 2026-07-06")
		}
		d.Approvals = append(d.Approvals, exceptions.Approval{Role: strings.TrimSpace(words[0]), Name: strings.TrimSpace(words[1]), Date: strings.TrimSpace(words[2])})
	}
	if len(d.Approvals) > 0 {
		last := slices.MaxFunc(d.Approvals, func(a, b exceptions.Approval) int { return strings.Compare(a.Date, b.Date) })
		d.ApprovedBy = firstOf(d.ApprovedBy, last.Role+" - "+last.Name)
		d.ApprovedDate = firstOf(d.ApprovedDate, last.Date)
	}
	if approved, err := time.Parse(time.DateOnly, d.ApprovedDate); err == nil && d.ExpiryDate == "" {
		d.ExpiryDate = approved.AddDate(0, 0, longestException).Format(time.DateOnly)
	}
	for _, text := range c.StringSlice("compensating") {
		d.CompensatingControls = append(d.CompensatingControls, exceptions.CompensatingControl{Control: text})
	}
	return d, nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// place decides on the file's path, and on the id where no flag gave one.
func (d *draft) place(c *cli.Context) (string, error) {
	out := c.String("out")
	if textfiles.YAML(out) {
		if err := d.number(c.Context, filepath.Dir(out)); err != nil {
			return "", err
		}
		return out, nil
	}
	if out == "" {
		var err error
		if out, err = soleFolder(c); err != nil {
			return "", err
		}
	}
	if err := d.number(c.Context, out); err != nil {
		return "", err
	}
	if !fileName.MatchString(d.ExceptionID) {
		return "", usagef("--id: %q is no name for a file; name the file with --out", d.ExceptionID)
	}
	return filepath.Join(out, d.ExceptionID+".yml"), nil
}

var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// soleFolder is the folder of the workspace's exceptions.
func soleFolder(c *cli.Context) (string, error) {
	w, err := openWorkspace(c)
	if err != nil {
		return "", err
	}
	folders, err := exceptionFolders(w)
	if err != nil {
		return "", err
	}
	if len(folders) != 1 {
		return "", fmt.Errorf("%s has %s of type exceptions: name the folder with --out", workspace.FileName, count(len(folders), "source"))
	}
	if filepath.IsAbs(folders[0].path) {
		return folders[0].path, nil
	}
	return filepath.Join(c.String("workspace"), folders[0].path), nil
}

// number gives an exception without id the next free number of its control, by the ids of the files in and below dir. A given id
// that one of them has is refused.
func (d *draft) number(ctx context.Context, dir string) error {
	files, err := textfiles.Read(ctx, os.DirFS(dir), textfiles.YAML)
	if err != nil {
		return fmt.Errorf("read folder %q: %w", dir, err)
	}
	taken := map[string]string{}
	for name, b := range files.Files {
		f, _ := exceptions.Parse(name, b)
		taken[f.ExceptionID] = filepath.Join(dir, name)
	}
	if d.ExceptionID != "" {
		if file, ok := taken[d.ExceptionID]; ok {
			return fmt.Errorf("exception %q is in %q already; give another --id", d.ExceptionID, file)
		}
		return nil
	}
	prefix, highest := "EXC-"+d.Control+"-", 0
	for id := range taken {
		if n, err := strconv.Atoi(strings.TrimPrefix(id, prefix)); err == nil && strings.HasPrefix(id, prefix) {
			highest = max(highest, n)
		}
	}
	d.ExceptionID = fmt.Sprintf("%s%03d", prefix, highest+1)
	return nil
}

// check refuses a draft with anything but gaps: what a flag gave must be well formed.
func (d *draft) check(path string, b []byte) error {
	_, problems := exceptions.Parse(filepath.Base(path), b)
	var wrong []string
	for _, p := range problems {
		if !strings.HasPrefix(p.What, "missing") {
			wrong = append(wrong, p.Field+": "+p.What)
		}
	}
	if len(wrong) > 0 {
		return usagef("%s", strings.Join(wrong, "\n"))
	}
	return nil
}

// yaml is the file: fields in the order in which people decide on them, each with what its schema says of it. impact is the framework, if any,
// that wants to know which of its requirements an exception touches.
func (d *draft) yaml(impact assessment.FrameworkID) []byte {
	var b strings.Builder
	b.WriteString("# An approved, dated acceptance of a deviation. Lines behind \"# TO DECIDE\" wait for people: fill them in and take the # away.\n" +
		"# Check it with: auditpack exceptions lint FILE\n")
	field := func(key, value string, lines ...string) {
		fmt.Fprintf(&b, "\n# %s\n", exceptions.Describe(key))
		switch {
		case value != "":
			fmt.Fprintf(&b, "%s: %s\n", key, scalar(value))
		case len(lines) > 0:
			fmt.Fprintf(&b, "%s:\n%s\n", key, strings.Join(lines, "\n"))
		default:
			fmt.Fprintf(&b, "# TO DECIDE\n#%s:%s\n", key, examples[key])
		}
	}
	optional := func(key, value string, lines ...string) {
		if value != "" || len(lines) > 0 {
			field(key, value, lines...)
		}
	}
	field("exception_id", d.ExceptionID)
	optional("renews", d.Renews)
	field("control", d.Control)
	field("resource", d.Resource)
	field("reason", d.Reason)
	field("risk_level", d.RiskLevel)
	field("risk_owner", d.RiskOwner)
	field("requested_by", d.RequestedBy)
	var approvals, compensating []string
	for _, a := range d.Approvals {
		approvals = append(approvals, fmt.Sprintf("  - {role: %s, name: %s, date: %s}", quoted(a.Role), quoted(a.Name), quoted(a.Date)))
	}
	field("approvals", "", approvals...)
	field("approved_by", d.ApprovedBy)
	field("approved_date", d.ApprovedDate)
	field("expiry_date", d.ExpiryDate)
	optional("review_date", d.ReviewDate)
	for _, x := range d.CompensatingControls {
		compensating = append(compensating, "  - "+scalar(x.Control))
	}
	field("compensating_controls", "", compensating...)
	if impact != "" {
		field("criterion_impact", "")
		fmt.Fprintf(&b, "#  - {framework: %s, id: COS-03, effect: none, reason: The rule is wider than needed; the criterion is met by the gateway.}\n", impact)
	}
	return []byte(b.String())
}

// examples stand behind the comment sign of a field that is to be decided.
var examples = map[string]string{
	"control": " WAF-SEC-050", "resource": " terraform:prod-network/aws_security_group.partner", "reason": " The partner's gateway moves in September.",
	"risk_level": " medium", "risk_owner": " Head of Platform - Jonas Weber", "requested_by": " Mira Hoffmann", "approved_by": " CISO - Max Mustermann",
	"approved_date": " 2026-07-06", "expiry_date": " 2026-09-30",
	"approvals":             "\n#  - {role: Security Team, name: Tom Becker, date: 2026-07-03}\n#  - {role: CISO, name: Max Mustermann, date: 2026-07-06}",
	"compensating_controls": "\n#  - {control: Alerts on unusual volume, evidence: DOC-003, interval: weekly}",
}

var (
	plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 .,'()/_-]*$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	reserved  = []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
)

// scalar writes a text so that YAML reads it back as it is.
func scalar(s string) string {
	if plainText.MatchString(s) && !strings.HasSuffix(s, " ") && !slices.Contains(reserved, strings.ToLower(s)) {
		return s
	}
	return quoted(s)
}

// quoted is s between double quotes, with the escapes that JSON and YAML share. A line end is one of them; what is no UTF-8 is
// replaced by a question mark of Unicode.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
