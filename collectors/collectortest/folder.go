package collectortest

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

// CollectFolder asks a collector of files once, at the time now, as the source "source": paths of its configuration are below dir,
// and configure sets that configuration through the pointer it is given. What is found goes into store, its journal included.
func CollectFolder(t testing.TB, typ collectors.Type, store *memstore.Store, dir string, now time.Time, configure func(any)) collectors.Result {
	t.Helper()
	env := collectors.Env{
		Name: "source",
		Path: func(p string) string { return filepath.Join(dir, p) },
		Open: func(p string) fs.FS { return os.DirFS(filepath.Join(dir, p)) },
		Now:  func() time.Time { return now },
	}
	c, err := typ.New(func(v any) error { configure(v); return nil }, env)
	if err != nil {
		t.Fatal(err)
	}
	return collectors.Run(context.Background(), []collectors.Source{{Name: env.Name, Type: typ, Collector: c}}, collectors.Options{
		Store: store, Journal: store, Now: env.Now, Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "test"},
	})[0]
}
