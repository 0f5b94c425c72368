package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/terraform"
	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence"
	"auditpack/evidence/filestore"
)

// runOurs collects the third quarter from the fake at o.ours into a new store, and prints a result as JSON.
func runOurs(ctx context.Context, o options, out io.Writer) error {
	store, err := filestore.Create(filepath.Join(o.folder, "store"))
	if err != nil {
		return err
	}
	period, err := evidence.Quarter("2026-Q3")
	if err != nil {
		return err
	}
	tokens := map[string]string{"TFE_TOKEN": terraformtest.Token, "TFE_AUDIT_TOKEN": terraformtest.AuditToken}
	env := collectors.Env{
		Name: "hcp-terraform", Path: func(p string) string { return p }, Open: func(dir string) fs.FS { return os.DirFS(dir) },
		Getenv: func(name string) string { return tokens[name] },
		HTTP:   func() *http.Client { return &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()} },
		Now:    func() time.Time { return time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC) }, Tool: "auditpack bench",
	}
	c, err := terraform.Type.New(func(config any) error {
		v, ok := config.(*terraform.Config)
		if !ok {
			return fmt.Errorf("configuration: got %T", config)
		}
		v.Address, v.Organization = o.ours, terraform.Names{"acme"}
		return nil
	}, env)
	if err != nil {
		return err
	}
	start := time.Now()
	res := collectors.Run(ctx, []collectors.Source{{Name: env.Name, Type: terraform.Type, Collector: c}}, collectors.Options{
		Store: store, Journal: store, Now: env.Now, Period: period, Actor: evidence.Actor{Principal: "bench", Host: "bench", Tool: env.Tool},
	})[0]
	r := result{Seconds: time.Since(start).Seconds()}
	if res.Err != nil {
		return res.Err
	}
	if res.Failed() {
		return fmt.Errorf("collect: %+v", res.Entry.Parts)
	}
	for _, p := range res.Entry.Parts {
		if p.Kind == terraform.KindRuns {
			r.Runs += p.Items
		}
	}
	return json.NewEncoder(out).Encode(r)
}
