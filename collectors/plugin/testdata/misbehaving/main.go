// Command misbehaving is a plugin that does one wrong thing, which MODE names. The tests of collectors/plugin build it and show
// that each is contained.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"auditpack/collectors/plugin/sdk/wire"
)

const ever = time.Hour

// mode is the wrong thing to do. MODE has a word before it, so that masking its value changes no other text.
func mode() string { return strings.TrimPrefix(os.Getenv("MODE"), "misbehave: ") }

// stderr is the process's own; go-plugin puts a pipe in the place of os.Stderr.
var stderr = os.NewFile(2, "stderr")

func main() {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	switch mode() {
	case "exits at once":
		fmt.Fprintln(os.Stderr, "cannot read /etc/misbehaving.conf with", os.Getenv("TOKEN"))
		os.Exit(3)
	case "says nothing":
		time.Sleep(ever)
	case "greets wrongly":
		fmt.Println("Hello, I am", os.Getenv("TOKEN"))
		time.Sleep(ever)
	case "floods before the greeting":
		for line := []byte(strings.Repeat("x", 1<<16)); ; {
			_, _ = os.Stdout.Write(line)
		}
	case "listens elsewhere":
		fmt.Println("1|1|tcp|192.0.2.1:443|grpc|")
		time.Sleep(ever)
	case "listens and does not answer":
		fmt.Printf("1|1|unix|%s/nobody|grpc|\n", os.Getenv("PLUGIN_UNIX_SOCKET_DIR"))
		time.Sleep(ever)
	case "has the service alone":
		bare()
		return
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake(),
		Plugins:         plugin.PluginSet{wire.PluginName: wire.Plugin{Collector: server{}}},
		Logger:          hclog.NewNullLogger(),
		GRPCServer:      func(o []grpc.ServerOption) *grpc.Server { return grpc.NewServer(o...) },
	})
	if mode() == "does not exit" {
		time.Sleep(ever)
	}
}

// bare is a plugin without the library: it serves one service, and ends when its standard input does.
func bare() {
	path := os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/socket"
	l, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
	s := grpc.NewServer()
	wire.RegisterCollectorServiceServer(s, server{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		s.Stop()
	}()
	fmt.Printf("1|1|unix|%s|grpc|\n", path)
	_ = s.Serve(l)
	_, _ = fmt.Fprintln(stderr, "good bye")
}

type server struct {
	wire.UnimplementedCollectorServiceServer
}

const kind = "plugin.misbehaving.items/1"

func (server) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	d := &wire.DescribeResponse{Name: "misbehaving", Version: "1", Doc: "Does one thing wrong.", Kinds: []string{kind}}
	switch mode() {
	case "poses as vault":
		d.Kinds = []string{"vault.audit-log/1"}
	case "poses as another plugin":
		d.Kinds = []string{"plugin.inventory.hosts/1"}
	case "poses as the host":
		d.Name, d.Kinds = "run", []string{"plugin.run/1"}
	case "does not describe itself":
		time.Sleep(ever)
	}
	return d, nil
}

// talk is a collection as the plugin sees it.
type talk struct {
	grpc.BidiStreamingServer[wire.CollectRequest, wire.CollectResponse]
}

func (t talk) say(m *wire.CollectResponse) error { return t.Send(m) }

func (t talk) put(call uint64, data string, claim *wire.PutClose) error {
	err := t.say(&wire.CollectResponse{Message: &wire.CollectResponse_PutOpen{PutOpen: &wire.PutOpen{Call: call, Name: "a", MediaType: "text/plain"}}})
	if err == nil && data != "" {
		err = t.chunk(call, []byte(data))
	}
	if err == nil && claim != nil {
		err = t.say(&wire.CollectResponse{Message: &wire.CollectResponse_PutClose{PutClose: claim}})
	}
	return err
}

func (t talk) chunk(call uint64, data []byte) error {
	return t.say(&wire.CollectResponse{Message: &wire.CollectResponse_PutChunk{PutChunk: &wire.PutChunk{Call: call, Data: data}}})
}

func (t talk) add(r *wire.Record) error {
	return t.say(&wire.CollectResponse{Message: &wire.CollectResponse_Add{Add: &wire.Add{Call: 99, Record: r}}})
}

func (t talk) done() error {
	return t.say(&wire.CollectResponse{Message: &wire.CollectResponse_Done{Done: &wire.Done{}}})
}

// digest is of "hello".
const digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func item() *wire.Record {
	return &wire.Record{Kind: kind, Procedure: "make it up", Content: []*wire.Part{{Name: "a", MediaType: "text/plain", Digest: digest, Size: 5}}}
}

// good puts and adds one record and waits for both replies.
func (t talk) good() error {
	if err := t.put(1, "hello", &wire.PutClose{Call: 1}); err != nil {
		return err
	}
	if _, err := t.Recv(); err != nil {
		return err
	}
	if err := t.add(item()); err != nil {
		return err
	}
	_, err := t.Recv()
	return err
}

func (t talk) outcome(part, kind, outcome string) error {
	return t.say(&wire.CollectResponse{Message: &wire.CollectResponse_Outcome{Outcome: &wire.Outcome{Part: part, Kind: kind, Outcome: outcome}}})
}

func (server) Collect(stream grpc.BidiStreamingServer[wire.CollectRequest, wire.CollectResponse]) error {
	t := talk{stream}
	if _, err := t.Recv(); err != nil {
		return err
	}
	switch mode() {
	case "crashes":
		if err := t.good(); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(stderr, "fatal: cannot log in with", os.Getenv("TOKEN"))
		os.Exit(7)
	case "exits early":
		os.Exit(0)
	case "ends without done":
		return nil
	case "hangs":
		time.Sleep(ever)
	case "ignores the end":
		for {
			if err := t.say(&wire.CollectResponse{Message: &wire.CollectResponse_Progress{Progress: &wire.Progress{Step: "still here"}}}); err != nil {
				time.Sleep(ever)
			}
			time.Sleep(10 * time.Millisecond)
		}
	case "tells no end":
		for t.say(&wire.CollectResponse{Message: &wire.CollectResponse_Progress{Progress: &wire.Progress{Step: "x"}}}) == nil {
		}
	case "floods outcomes":
		for i := 0; t.outcome(fmt.Sprint("part", i), kind, "ok") == nil; i++ {
		}
	case "floods bytes":
		if err := t.put(1, "", nil); err != nil {
			return err
		}
		for data := make([]byte, wire.MaxChunkBytes); t.chunk(1, data) == nil; {
		}
	case "opens too many puts":
		for i := uint64(1); t.put(i, "x", nil) == nil; i++ {
		}
	case "reads no replies":
		for i := uint64(1); t.put(i, "hello", &wire.PutClose{Call: i}) == nil; i++ {
		}
	case "sends a huge message":
		return t.put(1, strings.Repeat("x", 2*wire.MaxMessageBytes), nil)
	case "sends a huge chunk":
		return t.put(1, strings.Repeat("x", wire.MaxChunkBytes+1), nil)
	case "floods stderr":
		for i := range 1 << 14 {
			_, _ = fmt.Fprintf(stderr, "%d %s\n", i, strings.Repeat("e", 1<<10))
		}
		os.Exit(9)
	case "hides that the store failed":
		if err := t.put(1, "hello", &wire.PutClose{Call: 1}); err != nil {
			return err
		}
		if _, err := t.Recv(); err != nil {
			return err
		}
		cursor := &wire.SetCursor{Cursor: []byte(`{"read":"all"}`)}
		if err := t.say(&wire.CollectResponse{Message: &wire.CollectResponse_SetCursor{SetCursor: cursor}}); err != nil {
			return err
		}
		return t.done()
	case "ends in long characters":
		_, _ = fmt.Fprint(stderr, strings.Repeat("ü", 8<<10), ".") // the dot puts the cut into the middle of one
		os.Exit(9)
	case "writes to stdout":
		for range 1 << 10 {
			_, _ = syscall.Write(1, []byte(strings.Repeat("o", 1<<10)))
			fmt.Println("printed")
		}
		if err := t.good(); err != nil {
			return err
		}
		return t.done()
	case "lies about a digest":
		if err := t.put(1, "hello", &wire.PutClose{Call: 1, Digest: strings.Replace(digest, "2c", "2d", 1), Size: 5}); err != nil {
			return err
		}
		time.Sleep(ever)
	case "lies about a size":
		if err := t.put(1, "hello", &wire.PutClose{Call: 1, Digest: digest, Size: 6}); err != nil {
			return err
		}
		time.Sleep(ever)
	case "names what it did not put":
		r := item()
		r.Content[0].Digest = strings.Replace(digest, "2c", "2d", 1)
		return t.add(r)
	case "names another size":
		if err := t.put(1, "hello", &wire.PutClose{Call: 1}); err != nil {
			return err
		}
		r := item()
		r.Content[0].Size = 4
		return t.add(r)
	case "derives from nothing":
		if err := t.put(1, "hello", &wire.PutClose{Call: 1}); err != nil {
			return err
		}
		r := item()
		r.DerivedFrom = []string{strings.Replace(digest, "2c", "2d", 1)}
		return t.add(r)
	case "adds another kind":
		if err := t.put(1, "hello", &wire.PutClose{Call: 1}); err != nil {
			return err
		}
		r := item()
		r.Kind = "vault.audit-log/1"
		return t.add(r)
	case "adds nothing sensible":
		return t.add(&wire.Record{Kind: kind})
	case "tells of another kind":
		return t.outcome("a", "vault.audit-log/1", "ok")
	case "tells an unknown outcome":
		return t.outcome("a", kind, "splendid")
	case "fails without a word":
		return t.outcome("a", kind, "failed")
	case "sets no cursor":
		return t.say(&wire.CollectResponse{Message: &wire.CollectResponse_SetCursor{SetCursor: &wire.SetCursor{Cursor: []byte("{")}}})
	case "ends too soon":
		if err := t.put(1, "hello", nil); err != nil {
			return err
		}
		return t.done()
	case "says an empty message":
		return t.say(&wire.CollectResponse{})
	case "shows its secret":
		_ = t.say(&wire.CollectResponse{Message: &wire.CollectResponse_Outcome{Outcome: &wire.Outcome{Part: "a", Kind: kind, Outcome: "failed", Detail: "401 for " + os.Getenv("TOKEN")}}})
		return t.say(&wire.CollectResponse{Message: &wire.CollectResponse_Done{Done: &wire.Done{Error: "refused: " + os.Getenv("TOKEN")}}})
	case "leaves a child":
		child := exec.Command(os.Args[0])
		child.Env = []string{"MODE=misbehave: says nothing"}
		child.Stdout, child.Stderr = stderr, stderr
		if err := child.Start(); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(stderr, "child", child.Process.Pid)
		if err := t.good(); err != nil {
			return err
		}
		return t.done()
	case "does not exit", "is good", "has the service alone":
		if err := t.good(); err != nil {
			return err
		}
		return t.done()
	}
	return nil
}
