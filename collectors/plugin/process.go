package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// process is a plugin that runs: go-plugin's runner, but with a process group that ends as a whole, and with output that is
// bounded and read to its end. Its standard input is a pipe that we hold: it ends when we do.
type process struct {
	cmd    *exec.Cmd
	dir    string // of its sockets
	stdin  *os.File
	hello  *io.PipeReader // the handshake
	stdout *tail
	stderr *tail

	mu       sync.Mutex
	started  bool
	unwanted bool // kill was called

	done  chan struct{} // closed when the process has ended and its output was read
	state string        // how it ended; read after done
}

var _ runner.Runner = (*process)(nil)

// newProcess returns a process that keeps so many bytes of the end of its output.
func newProcess(keep int) *process {
	return &process{stdout: &tail{keep: keep}, stderr: &tail{keep: keep}, done: make(chan struct{})}
}

// prepare says what is to be started: executable in workdir, with the environment vars and no more; its sockets lie in sockets.
func (p *process) prepare(executable, workdir, sockets string, vars []string) {
	p.cmd = exec.Command(executable)
	p.cmd.Env, p.cmd.Dir, p.dir = vars, workdir, sockets
	ownGroup(p.cmd)
}

// busyFor is how long a file that was just written may still seem to be open for writing: another goroutine that starts a program at
// the same moment holds its descriptor until that program runs.
const busyFor = 2 * time.Second

// Start starts the process. ctx bounds the start alone.
func (p *process) Start(ctx context.Context) error {
	in, stdin, err := os.Pipe()
	if err != nil {
		return err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return errors.Join(err, in.Close(), stdin.Close())
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		return errors.Join(err, in.Close(), stdin.Close(), outR.Close(), outW.Close())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, outW, errW
	err = p.start(ctx)
	closeErr := errors.Join(in.Close(), outW.Close(), errW.Close()) // the process has its own
	if err != nil {
		return errors.Join(err, closeErr, stdin.Close(), outR.Close(), errR.Close())
	}
	p.stdin, p.started = stdin, true
	hello, w := io.Pipe()
	p.hello = hello
	var reading sync.WaitGroup
	reading.Go(func() { firstLine(outR, w, p.stdout) })
	reading.Go(func() { _, _ = io.Copy(p.stderr, errR) }) // the pipe ends with the process
	go p.watch(&reading, outR, errR)
	if p.unwanted {
		p.end()
	}
	return closeErr
}

func (p *process) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, busyFor)
	defer cancel()
	for {
		if p.unwanted {
			return context.Canceled
		}
		err := p.cmd.Start()
		if !errors.Is(err, errBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
			p.cmd = again(p.cmd)
		}
	}
}

// again returns a command like c that was not started: an exec.Cmd starts once.
func again(c *exec.Cmd) *exec.Cmd {
	return &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Dir: c.Dir, Stdin: c.Stdin, Stdout: c.Stdout, Stderr: c.Stderr, SysProcAttr: c.SysProcAttr}
}

// drainFor is how long output is still read after the process ended: one that left its group could hold the pipes for ever.
const drainFor = time.Second

// watch waits for the process and ends what it left behind.
func (p *process) watch(reading *sync.WaitGroup, outR, errR *os.File) {
	err := p.cmd.Wait()
	killGroup(p.cmd.Process)
	stop := time.AfterFunc(drainFor, func() { _, _ = outR.Close(), errR.Close() })
	reading.Wait()
	stop.Stop()
	_, _, _ = outR.Close(), errR.Close(), p.stdin.Close()
	p.state = "exit status 0"
	if err != nil {
		p.state = err.Error()
	}
	close(p.done)
}

// kill ends the process and its group at once, also one that is only about to start.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unwanted = true
	if p.started {
		p.end()
	}
}

func (p *process) end() {
	select {
	case <-p.done: // its number may be another's by now
	default:
		killGroup(p.cmd.Process)
		_ = p.cmd.Process.Kill() // where there are no groups; one that has ended is no error here
	}
}

// hangUp ends the standard input of the process, at which it should end.
func (p *process) hangUp() {
	if p.started {
		_ = p.stdin.Close() // closing it twice is no error here
	}
}

// Wait waits until the process has ended.
func (p *process) Wait(context.Context) error {
	<-p.done
	return nil
}

// Kill ends the process and its group.
func (p *process) Kill(context.Context) error {
	p.kill()
	return nil
}

// Stdout gives the handshake, and nothing after it.
func (p *process) Stdout() io.ReadCloser { return p.hello }

// Stderr gives nothing: what the process writes there is kept by its own tail.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(eof{}) }

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// Name is what go-plugin calls the process.
func (p *process) Name() string { return filepath.Base(p.cmd.Path) }

// ID is the number of the process.
func (p *process) ID() string {
	if !p.started {
		return ""
	}
	return strconv.Itoa(p.cmd.Process.Pid)
}

// Diagnose adds nothing: what the process wrote is shown anyway.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost takes an address in the folder that the plugin was given, or on loopback where there are no sockets in folders, and
// no other: a plugin cannot have us speak to anybody else.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	if !ownAddress(network, address, p.dir) {
		return "", "", fmt.Errorf("it listens at %.100q %.200q, want a socket in the folder it was given", network, address)
	}
	return network, address, nil
}

// HostToPlugin is PluginToHost the other way round.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// errBusy is the error of starting a file that is open for writing.
var errBusy error = syscall.ETXTBSY
