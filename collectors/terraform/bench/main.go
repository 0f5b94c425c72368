// Command bench measures collecting from HCP Terraform: a fake that answers in 50 ms and announces 300 requests a second has 600 runs with
// policies. The floor is what HashiCorp's own client allows: two thirds of the announced limit, for as many requests as were sent. It also
// compares peak memory with that of ten times as many runs, both from a server that announces more. The collector runs in a process of its own, with a
// store on disk. It exits 1 when a target is missed.
//
//	go run ./collectors/terraform/bench
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"auditpack/collectors/terraform/terraformtest"
)

// options are the command's flags.
type options struct {
	runs      int
	times     int
	latency   time.Duration
	announced int
	maxRatio  float64
	maxGrowth float64
	ours      string // address of the fake: set only in the subprocess that is measured
	folder    string // of its store
}

// fastLimit is what the server of the larger collection announces: its memory is measured, not its speed.
const fastLimit = 1000 // requests a second

func main() {
	var o options
	flag.IntVar(&o.runs, "runs", 600, "runs with policies")
	flag.IntVar(&o.times, "times", 10, "how many times as many runs memory is measured with; 1: not at all")
	flag.DurationVar(&o.latency, "latency", 50*time.Millisecond, "what an answer takes")
	flag.IntVar(&o.announced, "announced", 300, "requests a second that the server announces")
	flag.Float64Var(&o.maxRatio, "max-ratio", 1.15, "target: wall time over requests divided by two thirds of the announced limit")
	flag.Float64Var(&o.maxGrowth, "max-growth", 1.25, "target: peak memory with more runs over that with few; their ids are kept, and a collector of garbage takes its share")
	flag.StringVar(&o.ours, "ours", "", "internal: collect from this address and print JSON")
	flag.StringVar(&o.folder, "dir", "", "internal: folder of the store")
	flag.Parse()
	if err := run(context.Background(), o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.ours != "" {
		return runOurs(ctx, o, out)
	}
	few, err := measure(ctx, o, o.runs, o.announced)
	if err != nil {
		return err
	}
	floor := float64(few.requests) / (float64(o.announced) * 2 / 3)
	ratio := few.Seconds / floor
	fmt.Fprintf(out, "%d runs: %d requests in %.2f s, peak memory %d MiB\n", o.runs, few.requests, few.Seconds, few.RSSMiB)
	fmt.Fprintf(out, "floor: %d requests at two thirds of %d a second: %.2f s\n", few.requests, o.announced, floor)
	fmt.Fprintf(out, "ratio: %.3f (target %.2f)\n", ratio, o.maxRatio)
	var errs []error
	if ratio > o.maxRatio {
		errs = append(errs, fmt.Errorf("ratio: got %.3f, want at most %.2f", ratio, o.maxRatio))
	}
	if o.times > 1 { // both as fast as each other: what is under way at the same time takes memory too
		if few, err = measure(ctx, o, o.runs, fastLimit); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d runs: %d requests in %.2f s, peak memory %d MiB\n", o.runs, few.requests, few.Seconds, few.RSSMiB)
		many, err := measure(ctx, o, o.runs*o.times, fastLimit)
		if err != nil {
			return err
		}
		growth := float64(many.RSSMiB) / float64(few.RSSMiB)
		fmt.Fprintf(out, "%d runs: %d requests in %.2f s, peak memory %d MiB\n", o.runs*o.times, many.requests, many.Seconds, many.RSSMiB)
		fmt.Fprintf(out, "growth of peak memory: %.2f (target %.2f)\n", growth, o.maxGrowth)
		if growth > o.maxGrowth {
			errs = append(errs, fmt.Errorf("growth of peak memory: got %.2f, want at most %.2f", growth, o.maxGrowth))
		}
	}
	return errors.Join(errs...)
}

// result is what the subprocess measured of itself, and how often it asked.
type result struct {
	Seconds  float64
	Runs     int64 // that came
	RSSMiB   int64 // peak
	requests int64
}

// measure collects n runs in a process of its own from a fake in this one.
func measure(ctx context.Context, o options, n, announced int) (result, error) {
	fake := terraformtest.New(dataset(n), terraformtest.Token).Announce(announced)
	var requests atomic.Int64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return result{}, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		time.Sleep(o.latency) // the measured network
		fake.ServeHTTP(w, r)
	})}
	go server.Serve(l)
	defer server.Close()
	folder, err := os.MkdirTemp("", "auditpack-bench-*")
	if err != nil {
		return result{}, fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(folder)
	self, err := os.Executable()
	if err != nil {
		return result{}, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, "-ours", "http://"+l.Addr().String(), "-dir", folder)
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("collect: %w", err)
	}
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		return result{}, fmt.Errorf("collect: %w", err)
	}
	if r.Runs != int64(n) {
		return result{}, fmt.Errorf("collect: got %d runs, want %d", r.Runs, n)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.RSSMiB = usage.Maxrss >> 10
	}
	r.requests = requests.Load()
	return r, nil
}

// dataset is an organization of six workspaces whose runs have a policy check each, and every second one an evaluation.
func dataset(n int) terraformtest.Dataset {
	d := terraformtest.Dataset{
		Organization: "acme",
		Entitlements: map[string]bool{"policy-enforcement": true, "run-tasks": true, "teams": true, "audit-logging": true, "agents": true},
		Users:        []terraformtest.User{{ID: "user-1", Name: "jo"}},
	}
	for i := range 6 {
		d.Workspaces = append(d.Workspaces, terraformtest.Workspace{ID: "ws-" + strconv.Itoa(i), Name: "workspace-" + strconv.Itoa(i)})
	}
	end := time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC)
	for i := range n {
		id := fmt.Sprintf("%016d", i)
		at := end.Add(-time.Duration(i) * (80 * 24 * time.Hour / time.Duration(n)))
		r := terraformtest.Run{
			ID: "run-" + id, Workspace: d.Workspaces[i%6].ID, Created: at, By: "jo", Confirmed: "jo", Status: "applied", Message: "change " + id,
			At: map[string]time.Time{"planned": at.Add(time.Minute), "confirmed": at.Add(2 * time.Minute), "applied": at.Add(3 * time.Minute)},
			Checks: []terraformtest.Check{{ID: "polchk-" + id, Status: "passed", At: map[string]time.Time{"passed": at.Add(time.Minute)},
				Sets: []terraformtest.CheckSet{{Name: "base", Policies: []terraformtest.CheckPolicy{{Name: "tags", Level: "soft-mandatory"}, {Name: "regions", Level: "hard-mandatory", Print: id}}}}}},
		}
		if i%2 == 0 {
			r.Stages = []terraformtest.Stage{{ID: "ts-" + id, Status: "passed", Created: at, Evaluations: []terraformtest.Evaluation{{ID: "poleval-" + id, Status: "passed", Created: at,
				Sets: []terraformtest.OutcomeSet{{ID: "psout-" + id, Name: "data", Outcomes: []terraformtest.PolicyOutcome{{Policy: "encryption", Level: "mandatory", Status: "passed"}}}}}}}}
		}
		d.Runs = append(d.Runs, r)
	}
	return d
}
