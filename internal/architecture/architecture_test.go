// Package architecture holds the rules of the house as tests: who may import whom, and what no package may do.
package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "auditpack"

// allowed is the import table: which rooms a room may import besides itself. A longer path wins over a shorter one.
var allowed = map[string][]string{
	"cmd":        {"cmd", "collectors", "evidence", "templates", "reports", "internal", "examples"},
	"collectors": {"evidence", "internal"},
	"evidence":   {"internal"},
	"reports":    {"evidence", "templates", "internal"},
	"templates":  {},
	"internal":   {},
	"examples":   {"cmd", "collectors", "evidence", "templates", "reports", "internal"},
}

type file struct {
	path string // relative to the module, with slashes
	pkg  string // folder
	test bool
	ast  *ast.File
	fset *token.FileSet
}

func sources(t *testing.T) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			_, modErr := os.Stat(filepath.Join(name, "go.mod"))
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || rel == "build" || rel == "bin" || modErr == nil) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, file{rel, path.Dir(rel), strings.HasSuffix(rel, "_test.go"), parsed, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("read %d files: the walk does not see the module", len(files))
	}
	return files
}

func room(pkg string) string {
	r, _, _ := strings.Cut(pkg, "/")
	return r
}

// own returns the package of ours that an import names.
func own(spec *ast.ImportSpec) (string, bool) {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(name, module+"/")
}

func TestImportTable(t *testing.T) {
	for _, f := range sources(t) {
		for _, spec := range f.ast.Imports {
			to, ours := own(spec)
			if !ours {
				continue
			}
			from, target := room(f.pkg), room(to)
			helper := strings.HasSuffix(f.pkg, "test") || strings.HasSuffix(f.pkg, "/bench") // suites and benchmarks put rooms together
			switch {
			case f.test || helper:
			case from != target && !slices.Contains(allowed[from], target):
				t.Errorf("%s imports %s: %s may import only %v", f.path, to, from, allowed[from])
			case f.pkg == "evidence" && target == "evidence":
				t.Errorf("%s imports %s: the waist imports nothing of ours but internal", f.path, to)
			case from == "collectors" && target == "collectors" && f.pkg != "collectors/all" && to != "collectors" && to != "collectors/redaction" && !strings.HasPrefix(to, f.pkg+"/"):
				t.Errorf("%s imports %s: no collector imports another", f.path, to)
			case from == "internal" && target != "internal":
				t.Errorf("%s imports %s: internal has no opinion about audits", f.path, to)
			}
		}
	}
}

// forbidden lists calls that a room must not make, with the reason.
var forbidden = []struct {
	rooms  []string
	call   string
	why    string
	except string // the one package that may
}{
	{[]string{"reports", "evidence", "templates"}, "time.Now", "the same inputs give the same bytes; time comes from the caller", ""},
	{[]string{"collectors"}, "os.Getenv", "a collector sees the world through Env", "collectors/plugin/sdk"}, // it makes the Env of a plugin
	{[]string{"collectors"}, "os.LookupEnv", "a collector sees the world through Env", ""},
	{[]string{"collectors"}, "exec.Command", "a collector starts no programs", "collectors/plugin"},
	{[]string{"collectors"}, "exec.CommandContext", "a collector starts no programs", ""},
	{[]string{"collectors", "evidence", "reports", "templates", "internal"}, "os.Exit", "main alone decides the exit status", ""},
	{[]string{"collectors", "evidence", "reports", "templates", "internal"}, "log.Fatal", "main alone decides the exit status", ""},
}

func TestForbiddenCalls(t *testing.T) {
	for _, f := range sources(t) {
		if f.test || strings.HasSuffix(f.pkg, "test") || strings.HasSuffix(f.pkg, "/bench") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, rule := range forbidden {
				if slices.Contains(rule.rooms, room(f.pkg)) && f.pkg != rule.except && x.Name+"."+sel.Sel.Name == rule.call {
					t.Errorf("%s: %s: %s", f.fset.Position(n.Pos()), rule.call, rule.why)
				}
			}
			return true
		})
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, f := range sources(t) {
		if ast.IsGenerated(f.ast) {
			continue // messages of a protocol register themselves
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init: registration is explicit here", f.fset.Position(fn.Pos()))
			}
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, f := range sources(t) {
		if f.test || ast.IsGenerated(f.ast) {
			continue
		}
		for _, d := range f.ast.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s has no comment", f.fset.Position(d.Pos()), name)
			}
		}
	}
}

func undocumented(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) && !obvious(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					names = append(names, s.Names[0].Name)
				}
			}
		}
		return names
	}
	return nil
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// obvious are methods that satisfy a well-known interface: its own documentation speaks for them.
func obvious(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{"Error", "Unwrap", "String", "Read", "Write", "Close"}, d.Name.Name)
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		seen[f.pkg] = true
		documented[f.pkg] = documented[f.pkg] || f.ast.Doc != nil
	}
	for pkg := range seen {
		if !documented[pkg] {
			t.Errorf("package %s has no comment", pkg)
		}
	}
}
