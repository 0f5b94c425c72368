package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"auditpack/collectors/boundary/boundarytest"
	"auditpack/collectors/codeowners/githubtest"
	"auditpack/collectors/terraform/terraformtest"
)

// Addresses in the example's auditpack.yaml; the copy gets those that the servers really have.
const (
	terraformAddress = "http://127.0.0.1:18080"
	boundaryAddress  = "http://127.0.0.1:18081"
	githubAddress    = "http://127.0.0.1:18082"
)

// servers are HCP Terraform, Boundary and GitHub on loopback.
type servers struct {
	terraform, boundary, github *server
	boundaryToken, githubToken  string
}

type server struct {
	http    *http.Server
	address string
}

// serve starts them from what is recorded in the workspace.
func serve(workspace string) (*servers, error) {
	folder := filepath.Join(workspace, "recorded")
	tf, err := terraformtest.NewServer(os.DirFS(filepath.Join(folder, "terraform")), terraformtest.Token)
	if err != nil {
		return nil, fmt.Errorf("serve HCP Terraform: %w", err)
	}
	data, err := boundarytest.Load(os.DirFS(filepath.Join(folder, "boundary")))
	if err != nil {
		return nil, fmt.Errorf("serve Boundary: %w", err)
	}
	if len(data.Access.Tokens) == 0 {
		return nil, fmt.Errorf("serve Boundary: access.json has no token: %w", errNotReady)
	}
	commits, err := commitNames(workspace)
	if err != nil {
		return nil, fmt.Errorf("serve GitHub: %w", err)
	}
	hub, err := githubtest.Load(os.DirFS(filepath.Join(folder, "github")), commits...)
	if err != nil {
		return nil, fmt.Errorf("serve GitHub: %w", err)
	}
	s := &servers{boundaryToken: data.Access.Tokens[0].Token, githubToken: hub.Token}
	if s.terraform, err = start(tf); err != nil {
		return nil, err
	}
	if s.boundary, err = start(boundarytest.NewServer(data)); err != nil {
		s.stop()
		return nil, err
	}
	if s.github, err = start(githubtest.NewServer(hub)); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func start(h http.Handler) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}, address: "http://" + l.Addr().String()}
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "demo: serve:", err)
		}
	}()
	return s, nil
}

func (s *servers) stop() {
	for _, one := range []*server{s.terraform, s.boundary, s.github} {
		if one != nil {
			one.http.Close()
		}
	}
}

// point writes the servers' addresses into the copied configuration.
func (s *servers) point(config string) error {
	return replaceIn(config, terraformAddress, s.terraform.address, boundaryAddress, s.boundary.address, githubAddress, s.github.address)
}

// env is what the program needs to be let in.
func (s *servers) env() []string {
	return []string{"TFE_TOKEN=" + terraformtest.Token, "TFE_AUDIT_TOKEN=" + terraformtest.AuditToken, "BOUNDARY_TOKEN=" + s.boundaryToken, "GITHUB_TOKEN=" + s.githubToken}
}
