package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/urfave/cli/v2"
)

const deployFolder = "../../docs/deploy"

// accepts holds a command line, without the program's name, against the program: its flags, and that it names a command. It
// returns the command; nothing is carried out.
func accepts(t *testing.T, args []string) string {
	t.Helper()
	var reached string
	app := newApp(strings.NewReader(""), io.Discard, io.Discard)
	var replace func([]*cli.Command)
	replace = func(commands []*cli.Command) {
		for _, c := range commands {
			if len(c.Subcommands) > 0 {
				replace(c.Subcommands)
				continue
			}
			c.Action = func(c *cli.Context) error {
				if c.Args().Present() {
					return errors.New("takes no argument")
				}
				if c.IsSet("every") && c.Duration("every") < shortestEvery {
					return errors.New("--every is too short")
				}
				reached = commandName(c)
				return nil
			}
		}
	}
	replace(app.Commands)
	if err := app.RunContext(t.Context(), reorder(app, append([]string{"auditpack"}, args...))); err != nil {
		t.Errorf("auditpack %s: %v", strings.Join(args, " "), err)
	}
	return reached
}

// unit is a systemd unit file: the values of each key, by section.
type unit map[string]map[string][]string

// readUnit reads a unit as systemd.syntax(7) has it, as far as ours go: no continued lines.
func readUnit(t *testing.T, name string) unit {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	u, section := unit{}, ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = strings.Trim(line, "[]")
			u[section] = map[string][]string{}
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok || section == "" || strings.HasSuffix(line, `\`) {
				t.Fatalf("%s: line %q: want KEY=VALUE in a section", name, line)
			}
			u[section][key] = append(u[section][key], value)
		}
	}
	return u
}

func TestSystemdUnits(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(deployFolder, "systemd", "*"))
	if err != nil || len(names) != 5 {
		t.Fatalf("got %d units (%v), want 5", len(names), err)
	}
	commands := map[string]string{}
	for _, name := range names {
		u := readUnit(t, name)
		if len(u["Unit"]["Description"]) != 1 {
			t.Errorf("%s: got no description", name)
		}
		if strings.HasSuffix(name, ".timer") {
			if len(u["Timer"]["OnCalendar"]) != 1 || !slices.Contains(names, strings.TrimSuffix(name, ".timer")+".service") {
				t.Errorf("%s: want a time and the service that it starts", name)
			}
			continue
		}
		s := u["Service"]
		line := strings.Fields(s["ExecStart"][0])
		if len(s["ExecStart"]) != 1 || line[0] != "/usr/local/bin/auditpack" {
			t.Fatalf("%s: ExecStart: got %q", name, s["ExecStart"])
		}
		commands[filepath.Base(name)] = accepts(t, line[1:])
		for key, want := range map[string]string{"NoNewPrivileges": "yes", "ProtectSystem": "strict", "CapabilityBoundingSet": "", "User": "auditpack"} {
			if got := s[key]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s: got %q, want %q", name, key, got, want)
			}
		}
		if every := slices.Contains(line, "--every"); every && s["SuccessExitStatus"][0] != "130" {
			t.Errorf("%s: SuccessExitStatus: got %q, want 130: a service that a signal ends has not failed", name, s["SuccessExitStatus"])
		}
	}
	for name, want := range map[string]string{"auditpack-collect.service": "collect", "auditpack-collect-once.service": "collect", "auditpack-status.service": "status"} {
		if commands[name] != want {
			t.Errorf("%s: runs %q, want %q", name, commands[name], want)
		}
	}
}

// manifest is what the test looks at in a Kubernetes object.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name, Namespace string }
	Spec       struct {
		Replicas    *int
		Schedule    string
		Template    podTemplate
		JobTemplate struct {
			Spec struct{ Template podTemplate }
		} `yaml:"jobTemplate"`
	}
}

type podTemplate struct {
	Spec struct {
		Security struct {
			GroupChangePolicy string `yaml:"fsGroupChangePolicy"`
		} `yaml:"securityContext"`
		Containers []struct {
			Command, Args []string
			VolumeMounts  []struct{ Name string } `yaml:"volumeMounts"`
			Security      struct {
				ReadOnly bool `yaml:"readOnlyRootFilesystem"`
			} `yaml:"securityContext"`
		}
		Volumes []struct{ Name string }
	}
}

func TestKubernetesManifests(t *testing.T) {
	want := map[string]string{"Deployment auditpack-collect": "collect", "CronJob auditpack-collect": "collect", "CronJob auditpack-status": "status"}
	for _, name := range []string{"deployment.yaml", "cronjob.yaml"} {
		b, err := os.ReadFile(filepath.Join(deployFolder, "kubernetes", name))
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(b))
		for {
			var m manifest
			err := decoder.Decode(&m)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if m.APIVersion == "" || m.Metadata.Name == "" || m.Metadata.Namespace != "auditpack" {
				t.Errorf("%s: object without apiVersion, name or namespace: %+v", name, m)
			}
			if m.Kind == "PersistentVolumeClaim" {
				continue
			}
			object := m.Kind + " " + m.Metadata.Name
			if got := commandOf(t, object, m); got != want[object] {
				t.Errorf("%s: %s runs %q, want %q", name, object, got, want[object])
			}
			delete(want, object)
		}
	}
	if len(want) > 0 {
		t.Errorf("objects that no manifest holds: %v", want)
	}
}

// commandOf checks the pod of a manifest and returns the command of ours that it runs.
func commandOf(t *testing.T, object string, m manifest) string {
	t.Helper()
	pod := m.Spec.JobTemplate.Spec.Template.Spec
	if m.Kind == "Deployment" {
		pod = m.Spec.Template.Spec
		if m.Spec.Replicas == nil || *m.Spec.Replicas != 1 {
			t.Errorf("%s: replicas: want 1", object)
		}
	} else if len(strings.Fields(m.Spec.Schedule)) != 5 {
		t.Errorf("%s: schedule: got %q, want five fields", object, m.Spec.Schedule)
	}
	if got := pod.Security.GroupChangePolicy; got != "OnRootMismatch" {
		t.Errorf("%s: fsGroupChangePolicy: got %q, want OnRootMismatch: else each mount makes the store's files writable for the group", object, got)
	}
	if len(pod.Containers) != 1 {
		t.Fatalf("%s: got %d containers, want 1", object, len(pod.Containers))
	}
	c := pod.Containers[0]
	if !c.Security.ReadOnly || len(c.Command) != 1 {
		t.Errorf("%s: want a read-only container and one word of command, got %+v", object, c)
	}
	for _, mount := range c.VolumeMounts {
		if !slices.ContainsFunc(pod.Volumes, func(v struct{ Name string }) bool { return v.Name == mount.Name }) {
			t.Errorf("%s: volume %q is mounted and not there", object, mount.Name)
		}
	}
	return accepts(t, c.Args)
}
