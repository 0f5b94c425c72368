package facts

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"auditpack/evidence"
)

// Layout says where the files lie that scripts read: paths with slashes, from the folder in which duckdb runs.
type Layout struct {
	Parts    string                     // folder; a part is TABLE/NAME in it
	Evidence string                     // folder; a blob's name is its digest in hexadecimal
	Holds    func(evidence.Digest) bool // whether Evidence has a blob
	Entry    func(number int64) string  // file of a journal entry
	Cleaned  string                     // folder, made by whoever runs the scripts, for copies of logs that need cleaning
}

// scriptSettings are what a result may depend on, and what keeps duckdb off the network.
const scriptSettings = `set TimeZone = 'UTC';
set autoinstall_known_extensions = false;
`

// SetupScript returns the SQL that makes all tables of db in an empty DuckDB, from the Parquet files alone: each view after all
// that it reads. The same tables give the same text.
func (db *DB) SetupScript(l Layout) string {
	parts := map[string][]string{}
	for _, p := range db.parts {
		parts[p.Table] = append(parts[p.Table], l.part(p))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "-- Makes every fact table as a view. Its rows were made with %s.\n%s", db.engine.Version(), scriptSettings)
	for _, f := range db.engine.files {
		fmt.Fprintf(&b, "\n-- %s: %s\n%s\n;\n", f.Table, f.Row, createView(f, db.engine.schemas[f.Table], parts[f.Table]))
	}
	return b.String()
}

func (l Layout) part(p PartFile) string { return path.Join(l.Parts, p.Table, p.Name) }

// VariablesScript returns the SQL that sets what getvariable() gives, in the order of names. An error names a value that
// DB.Query would not take either.
func VariablesScript(params map[string]any) (string, error) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		statement, err := setVariable(name, params[name])
		if err != nil {
			return "", err
		}
		b.WriteString(statement + ";\n")
	}
	return b.String(), nil
}

// ReprojectScript returns the SQL that makes the parts of a projected table again from evidence and compares each with its Parquet
// file: one row for each part, with the rows that only one of the two has. A part whose evidence Layout.Holds does not know is named in
// a comment instead. A log that needs cleaning is read from Layout.Cleaned; comment lines that begin with "-- $ " have the shell commands
// that put it there. The text is empty for a view.
func (db *DB) ReprojectScript(table string, l Layout) (string, error) {
	at := slices.IndexFunc(db.engine.files, func(f File) bool { return f.Table == table })
	if at < 0 {
		return "", fmt.Errorf("write script: there is no table %q", table)
	}
	f := db.engine.files[at]
	if f.IsView() {
		return "", nil
	}
	var commands, parts strings.Builder
	isFirst := true
	for _, p := range db.parts {
		if p.Table != table {
			continue
		}
		paths, clean, why := l.inputs(p.unit)
		if why != "" {
			fmt.Fprintf(&parts, "\n-- Not here: part %s, %s.\n", p.Name, why)
			continue
		}
		commands.WriteString(clean)
		variables := maps.Clone(p.unit.variables)
		variables["paths"] = paths
		set, err := VariablesScript(variables)
		if err != nil {
			return "", fmt.Errorf("write script for table %q: %w", table, err)
		}
		parts.WriteString("\n" + set)
		if isFirst { // a view is bound where it is made, so its variables must be there
			fmt.Fprintf(&parts, "create or replace temp view projected as %s;\n", typed(db.engine.schemas[table], f.SQL))
			isFirst = false
		}
		parts.WriteString(comparison(p, l))
	}
	return fmt.Sprintf(reprojectHead, table, db.engine.Version(), commands.String(), scriptSettings) + parts.String() + "\nfrom reprojected order by all;\n", nil
}

// reprojectHead has one thread, because the number of a line is its place in the order of reading.
const reprojectHead = `-- Projects %s again from the evidence, with the statement of its fact file, and compares with the Parquet files. They were made
-- with %s. All is well where only_again and only_kept are 0.
%s%sset threads = 1;
create or replace temp table reprojected ("table" varchar, part varchar, rows_again bigint, rows_kept bigint, only_again bigint, only_kept bigint);
`

func comparison(p PartFile, l Layout) string {
	return fmt.Sprintf(`create or replace temp table again as from projected;
create or replace temp view kept as from read_parquet(%s);
insert into reprojected select %s, %s, (select count(*) from again), (select count(*) from kept),
    (select count(*) from (from again except all from kept)), (select count(*) from (from kept except all from again));
`, quote(l.part(p)), quote(p.Table), quote(p.Name))
}

// inputs gives the files that u is projected from, the shell commands that clean some of them, or why they are not there.
func (l Layout) inputs(u *unit) (paths []string, clean, why string) {
	if u.local != nil {
		return l.localInputs(u)
	}
	var b strings.Builder
	for i, p := range u.parts {
		needs := append([]evidence.Digest{p.Digest}, u.cleaning[i].Odd...)
		for _, d := range needs {
			if !l.Holds(d) {
				return nil, "", fmt.Sprintf("because %s is not held", d)
			}
		}
		if u.cleaning[i].isNone() {
			paths = append(paths, l.blob(p.Digest))
			continue
		}
		paths = append(paths, path.Join(l.Cleaned, p.Digest.Hex()))
		b.WriteString(l.cleanCommand(p.Digest, u.cleaning[i]))
	}
	return paths, b.String(), ""
}

func (l Layout) localInputs(u *unit) (paths []string, clean, why string) {
	if u.variables["kind"] != string(KindEntries) {
		return nil, "", "because it is made from all records of the store, which are not all held"
	}
	for n := range int64(strings.Count(string(u.local), "\n")) {
		paths = append(paths, l.Entry(n+1))
	}
	return paths, "", ""
}

func (l Layout) blob(d evidence.Digest) string { return path.Join(l.Evidence, d.Hex()) }

// cleanCommand does in the shell what lines.Clean does: the prefix comes off, and an odd line becomes {}.
func (l Layout) cleanCommand(d evidence.Digest, c cleaning) string {
	numbers, first := "", ""
	if len(c.Odd) > 0 {
		lists := make([]string, len(c.Odd))
		for i, list := range c.Odd {
			lists[i] = l.blob(list)
		}
		numbers = fmt.Sprintf(`grep -ho '^{"evidence":"%s","line":[0-9]*' %s | grep -o '[0-9]*$' | `, d, strings.Join(lists, " "))
		first = " -"
	}
	return fmt.Sprintf("-- $ mkdir -p %s && %sPREFIX=%s LC_ALL=C awk '%s'%s raw=1 %s > %s\n",
		l.Cleaned, numbers, shellQuote(c.Prefix), cleanProgram, first, l.blob(d), path.Join(l.Cleaned, d.Hex()))
}

// cleanProgram reads the numbers of odd lines, and after raw=1 the log. It keeps to what mawk, gawk and BusyBox share.
const cleanProgram = `BEGIN { p = ENVIRON["PREFIX"] } !raw { odd[$1]; next } index($0, p) == 1 { $0 = substr($0, length(p) + 1) } { print ((FNR in odd) ? "{}" : $0) }`

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
