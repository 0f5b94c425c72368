// Package sdk makes a Go program a plugin of auditpack: it serves a [collectors.Type], written like a built-in one, to the
// auditpack that started the program. docs/plugins.md teaches it.
package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"auditpack/collectors"
	"auditpack/collectors/plugin/sdk/wire"
	"auditpack/evidence"
	"auditpack/internal/strictyaml"
)

// Serve serves t until auditpack ends the program; main calls it and nothing else. Name, Version, Doc and Kinds of t are what the
// plugin says of itself: kinds begin with plugin, a dot, the name and a dot. New is called once for each collection, with an Env
// whose Getenv sees only what the configuration lets the plugin see, and whose Now says when the collection began. What the
// program writes to standard error is shown with a failure; standard output belongs to the protocol.
func Serve(t collectors.Type) {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake(),
		Plugins:         plugin.PluginSet{wire.PluginName: wire.Plugin{Collector: &server{typ: t, stderr: os.Stderr}}},
		Logger:          hclog.NewNullLogger(), // standard error is for the plugin's own words
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			s := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(wire.MaxMessageBytes))...)
			go endWith(os.Stdin, s)
			return s
		},
	})
}

// endWith stops s when in ends: auditpack holds its other end, also where it is killed and can tell nobody.
func endWith(in io.Reader, s *grpc.Server) {
	_, _ = io.Copy(io.Discard, in) // how it ended does not matter
	s.Stop()
}

type server struct {
	wire.UnimplementedCollectorServiceServer
	typ    collectors.Type
	stderr *os.File // the process's own
}

func (s *server) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	// go-plugin has put a pipe in its place, of which the end may be lost; auditpack reads the process's own to its end.
	os.Stderr = s.stderr
	d := &wire.DescribeResponse{Name: s.typ.Name, Version: s.typ.Version, Doc: s.typ.Doc}
	for _, k := range s.typ.Kinds {
		d.Kinds = append(d.Kinds, string(k))
	}
	return d, nil
}

func (s *server) Collect(stream grpc.BidiStreamingServer[wire.CollectRequest, wire.CollectResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	start := first.GetStart()
	if start == nil {
		return errors.New("first message is no start")
	}
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	out := newSink(ctx, stream, start.GetCursor())
	go out.listen(cancel)
	done := &wire.Done{}
	if err := s.collect(ctx, start, out); err != nil {
		done.Error = cut(err.Error())
	}
	return out.send(&wire.CollectResponse{Message: &wire.CollectResponse_Done{Done: done}})
}

// collect runs one collection; a panic is its failure.
func (s *server) collect(ctx context.Context, start *wire.Start, out *sink) (err error) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n%s", r, debug.Stack())
			err = fmt.Errorf("collector panicked: %v", r)
		}
	}()
	decode := func(v any) error { return strictyaml.Decode("config", start.GetConfig(), v) }
	c, err := s.typ.New(decode, env(start))
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	var p evidence.Period
	if start.GetFrom() != nil && start.GetTo() != nil {
		p = evidence.Period{From: start.GetFrom().AsTime(), To: start.GetTo().AsTime()}
	}
	return c.Collect(ctx, p, out)
}

// env is the world as auditpack describes it. The process was started with the allowed variables alone.
func env(start *wire.Start) collectors.Env {
	path := func(configured string) string {
		if filepath.IsAbs(configured) {
			return configured
		}
		return filepath.Join(start.GetFolder(), configured)
	}
	return collectors.Env{
		Name:   start.GetSource(),
		Path:   path,
		Open:   func(configured string) fs.FS { return os.DirFS(path(configured)) },
		Getenv: os.Getenv,
		HTTP: func() *http.Client {
			return &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
		},
		Now:  func() time.Time { return start.GetNow().AsTime() },
		Tool: start.GetTool(),
	}
}
