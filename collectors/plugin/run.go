package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"auditpack/collectors"
	"auditpack/collectors/plugin/sdk/wire"
	"auditpack/evidence"
	"auditpack/internal/canonical"
)

// run is one collection: one process, from its start to its end.
type run struct {
	*collector
	out  collectors.Sink
	last memory

	process     *process
	description *wire.DescribeResponse // nil until it answered
	kinds       []evidence.Kind        // of the description; before, those of the last collection
}

// collect runs the plugin in folders of its own, which go when it ended.
func (r *run) collect(ctx context.Context, p evidence.Period) (err error) {
	dir, err := os.MkdirTemp("", "auditpack-plugin-") // 0700: nobody else may enter
	if err != nil {
		return fmt.Errorf("make folder for plugin: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		return fmt.Errorf("make folder for plugin: %w", err)
	}
	executable, err := pin(ctx, r.env.Path(r.Executable), dir, r.want)
	if err != nil {
		return fmt.Errorf("check executable %q: %w", r.Executable, err)
	}
	client := r.newClient(executable, dir, work)
	// However this ends, no process of the group is left: go-plugin asks it to stop, and asks a process that hangs for ever.
	defer func() {
		last := time.AfterFunc(r.limits.stop, r.process.kill)
		defer last.Stop()
		if err != nil {
			r.process.kill()
		}
		r.process.hangUp()
		client.Kill()
		if r.process.started {
			<-r.process.done
		}
	}()
	service, err := r.start(ctx, client)
	if err != nil {
		return err
	}
	s := newSession(r, ctx)
	defer s.close()
	return s.collect(service, p)
}

func (r *run) newClient(executable, dir, work string) *plugin.Client {
	return plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake(),
		Plugins:          plugin.PluginSet{wire.PluginName: wire.Plugin{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		SkipHostEnv:      true,
		AutoMTLS:         authenticate,
		StartTimeout:     r.limits.start + time.Minute, // start ends the process in time, and says why
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: dir},
		SyncStdout:       r.process.stdout,
		SyncStderr:       r.process.stderr,
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, sockets string) (runner.Runner, error) {
			vars := append(append([]string{}, r.vars...), "TMPDIR="+work)
			for _, name := range []string{"SYSTEMROOT", "PATH"} { // Windows starts nothing without; children are found by the other
				if v := r.env.Getenv(name); v != "" {
					vars = append(vars, name+"="+v)
				}
			}
			r.process.prepare(executable, work, sockets, append(vars, cmd.Env...))
			return r.process, nil
		},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessageBytes)),
			grpc.WithStreamInterceptor(refuseBroker),
		},
	})
}

// refuseBroker opens every stream but that of go-plugin's broker: nothing here needs it, and a plugin could fill our memory with it.
func refuseBroker(ctx context.Context, d *grpc.StreamDesc, c *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
	if method == "/plugin.GRPCBroker/StartStream" {
		return nil, status.Error(codes.Unimplemented, "no broker")
	}
	return open(ctx, d, c, method, o...)
}

// start starts the process and hears what it is.
func (r *run) start(ctx context.Context, client *plugin.Client) (wire.CollectorServiceClient, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.limits.start, fmt.Errorf("it took longer than start_timeout, %s", r.limits.start))
	defer cancel()
	// go-plugin knows no context: a process that is killed ends its waiting.
	defer context.AfterFunc(ctx, r.process.kill)()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	fail := func(err error) error {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return r.ended(fmt.Errorf("start plugin %q: %w", r.Executable, err))
	}
	protocol, err := client.Client()
	if err != nil {
		return nil, fail(err)
	}
	raw, err := protocol.Dispense(wire.PluginName)
	if err != nil {
		return nil, fail(err)
	}
	service := raw.(wire.CollectorServiceClient) // what wire.Plugin dispenses
	// Without the deadline, of which gRPC would tell the plugin: who notices it first would decide what the failure says.
	call, done := context.WithCancel(context.WithoutCancel(ctx))
	defer done()
	defer context.AfterFunc(ctx, done)()
	d, err := service.Describe(call, &wire.DescribeRequest{})
	if err != nil {
		return nil, fail(spoken(err))
	}
	if err := wire.CheckDescription(d); err != nil {
		return nil, fail(fmt.Errorf("it describes itself: %w", err))
	}
	r.description, r.kinds = d, kindsOf(d.GetKinds())
	return service, nil
}

// spoken takes gRPC's own words off an error.
func spoken(err error) error {
	if s, ok := status.FromError(err); ok && s.Code() != codes.OK {
		return errors.New(s.Message())
	}
	return err
}

// ended adds to err how the process ended and what it last wrote to standard error, once it has.
func (r *run) ended(err error) error {
	r.process.kill()
	if !r.process.started {
		return err
	}
	<-r.process.done
	text, _ := r.stderr()
	if text == "" {
		return fmt.Errorf("%w (%s, nothing on standard error)", err, r.process.state)
	}
	return fmt.Errorf("%w (%s); the end of standard error:\n%s", err, r.process.state, text)
}

// stderr returns the end of what the process wrote to standard error, masked, and how many bytes it wrote in all.
func (r *run) stderr() (string, int64) {
	text, total, all := r.process.stderr.read()
	text = r.mask.text(r.mask.cutOff(text, !all))
	if n := len(text) - tailBytes; n > 0 {
		text = strings.ToValidUTF8(text[n:], "") // the cut may be within a character
	}
	return text, total
}

// identity is which program collected.
func (r *run) identity() string {
	if r.description == nil {
		return fmt.Sprintf("plugin %q, %s", r.Executable, r.want)
	}
	return r.mask.text(fmt.Sprintf("plugin %s %s, %s", r.description.GetName(), r.description.GetVersion(), r.want))
}

// runDocument is the content of a record of kindRun.
type runDocument struct {
	Executable  string          `json:"executable"` // as configured
	SHA256      evidence.Digest `json:"sha256"`     // of the bytes that were started
	Name        string          `json:"name,omitempty"`
	Version     string          `json:"version,omitempty"`
	Doc         string          `json:"doc,omitempty"`
	Kinds       []evidence.Kind `json:"kinds"`
	Env         []string        `json:"env"`    // names that it could see
	Config      string          `json:"config"` // JSON, as handed over
	Failure     string          `json:"failure,omitempty"`
	Stderr      string          `json:"stderr,omitempty"` // its end
	StderrBytes int64           `json:"stderr_bytes"`
	StdoutBytes int64           `json:"stdout_bytes"` // after the handshake; there should be none
}

// addRun adds the record that says which program collected and how it ended. A program that was not started has none.
func (r *run) addRun(ctx context.Context, failure error) error {
	if !r.process.started {
		return nil
	}
	d := runDocument{
		Executable: r.Executable, SHA256: r.want, Kinds: append([]evidence.Kind{}, r.kinds...), Env: append([]string{}, r.Env...),
		Config: r.mask.text(string(r.config)),
	}
	if m := r.description; m != nil {
		d.Name, d.Version, d.Doc = m.GetName(), r.mask.text(m.GetVersion()), r.mask.text(m.GetDoc())
	}
	if failure != nil {
		d.Failure = r.mask.text(failure.Error())
	}
	d.Stderr, d.StderrBytes = r.stderr()
	_, d.StdoutBytes, _ = r.process.stdout.read()
	b, err := canonical.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode run of plugin: %w", err)
	}
	part, err := r.out.Put(ctx, kindRun, "run.json", "application/json", bytes.NewReader(b))
	if err != nil {
		return err
	}
	_, err = r.out.Add(ctx, evidence.Record{
		Kind: kindRun, Source: evidence.Source{System: r.Executable}, Content: []evidence.Part{part},
		Procedure: "Start the program whose SHA-256 was compared with the configured one, let it collect, and note how it ended.",
	})
	return err
}
