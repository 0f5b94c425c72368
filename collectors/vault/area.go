package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

const (
	// parallel is how many answers of one list are asked for at once: an identity store has thousands of entities, each an answer
	// of its own, and one after the other they take minutes over a slow line.
	parallel = 8

	// partsPerRecord bounds a record, which is read as a whole.
	partsPerRecord = 1000

	// errorsTold is how many errors of one list are told in full.
	errorsTold = 3
)

// area is one namespace of the server. What is asked in it goes under its own names.
type area struct {
	*live
	namespace string // path from the root without slashes around it, empty for the root
}

// name is how an answer at path is called in outcomes and records: the path, with the namespace before it.
func (a area) name(path string) string {
	if a.namespace == "" {
		return path
	}
	return a.namespace + "/: " + path
}

// allow is the line of policy that a token needs for path. Policies of the namespace that the token is from name those below it by
// their path.
func (a area) allow(path string, capabilities ...string) string {
	below := strings.Trim(strings.TrimPrefix(a.namespace, a.api.namespace), "/")
	if below != "" {
		path = below + "/" + path
	}
	return fmt.Sprintf(`path %q { capabilities = ["%s"] }`, path, strings.Join(capabilities, `", "`))
}

// outcome tells how asking for path went. An error that may be of the server as a whole is looked into.
func (a area) outcome(ctx context.Context, path string, kind evidence.Kind, n int64, err error) {
	a.suspect(ctx, err)
	a.live.outcome(a.name(path), kind, n, err)
}

// request says what was asked.
func (a area) request(path, what string) string {
	text := fmt.Sprintf("GET /v1/%s, %s", path, what)
	if a.namespace != "" {
		text += fmt.Sprintf(", in namespace %q", a.namespace)
	}
	return text
}

// step asks for one part, or for parts that are known only then.
type step struct {
	path string
	kind evidence.Kind
	run  func(context.Context) // tells the outcomes itself
}

// run does the steps in order. Once the server is gone the rest is told to have failed without asking.
func (a area) run(ctx context.Context, steps []step) {
	for i, s := range steps {
		if err := a.gone(); err != nil {
			a.live.outcome(a.name(s.path), s.kind, 0, err)
			continue
		}
		a.out.Progress(collectors.Progress{Step: a.name(s.path), Items: int64(i), TotalItems: int64(len(steps))})
		s.run(ctx)
	}
}

// part is a step with one outcome under its path.
func (a area) part(path string, kind evidence.Kind, ask func(context.Context) (int64, error)) step {
	return step{path, kind, func(ctx context.Context) {
		n, err := ask(ctx)
		a.outcome(ctx, path, kind, n, err)
	}}
}

// snapshot is one answer that is kept as it came.
type snapshot struct {
	path         string
	kind         evidence.Kind
	capabilities []string // that the token needs; none when the path needs no token
	what         string
	list         bool // it is asked with the operation list; one of nothing is none
}

// snapshot asks for s and returns what came too.
func (a area) snapshot(ctx context.Context, s snapshot) ([]byte, int64, error) {
	var params map[string][]string
	path := s.path
	if s.list {
		params, path = map[string][]string{"list": {"true"}}, s.path+"?list=true"
	}
	body, at, err := a.api.getIn(ctx, a.namespace, s.path, params)
	if s.list && missing(err) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, a.classify(err, a.allow(s.path, s.capabilities...))
	}
	n, err := a.add(ctx, s.kind, at, a.request(path, s.what), a.name(s.path), body)
	if err == nil && s.kind == KindAuditDevices {
		a.api.asked.keep(body)
	}
	return body, n, err
}

// snapshotPart is a step that keeps one answer.
func (a area) snapshotPart(s snapshot) step {
	return a.part(s.path, s.kind, func(ctx context.Context) (int64, error) {
		_, n, err := a.snapshot(ctx, s)
		return n, err
	})
}

// listing is a list of names and an answer for each of them.
type listing struct {
	path  string // of the list
	kind  evidence.Kind
	noun  string // what one of them is: "policy"
	read  string // path of all items in a policy, "sys/policies/acl/*"; path and /+ when empty
	item  string // path of an item up to its name; path and a slash when empty
	mount string // path of the mount that it is of: two slashes end it in the names of parts; empty for none
	depth int    // how many folders deep names may be; 0: names that end in a slash are names
}

// listed is the answer to a list.
//
// Source: Vault API, every "List ..." page: the names are data.keys.
type listed struct {
	Data struct {
		Keys []string `json:"keys"`
	} `json:"data"`
}

// keys lists the names at path. The capabilities are those that it takes.
func (a area) keys(ctx context.Context, path string, capabilities ...string) ([]byte, time.Time, []string, error) {
	body, at, err := a.api.getIn(ctx, a.namespace, path, map[string][]string{"list": {"true"}})
	if missing(err) {
		return nil, at, nil, nil
	}
	if err != nil {
		return nil, at, nil, a.classify(err, a.allow(path, capabilities...))
	}
	var list listed
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, at, nil, fmt.Errorf("read the list: %w", err)
	}
	return body, at, list.Data.Keys, nil
}

// items lists names and keeps the answer for each. It keeps those that came, also when some did not.
func (a area) items(ctx context.Context, l listing) (int64, error) {
	prefix := l.item
	if prefix == "" {
		prefix = l.path + "/"
	}
	read := l.read
	if read == "" {
		read = prefix + "+"
	}
	body, at, names, err := a.keys(ctx, l.path, "list")
	if err != nil || body == nil {
		return 0, err
	}
	list, err := a.put(ctx, l.kind, a.name(l.path), body)
	if err != nil {
		return 0, err
	}
	if l.depth > 0 {
		if names, err = a.leaves(ctx, l.path, "", names, l.depth); err != nil {
			return 0, err
		}
	}
	return a.each(ctx, many{
		kind: l.kind, noun: l.noun, list: list, at: at, names: names, total: int64(len(names)),
		procedure: a.request(l.path+"?list=true", "the names, then GET /v1/"+prefix+"NAME for each"),
		allow:     a.allow(read, "read"),
		call:      func(name string) call { return call{namespace: a.namespace, path: prefix + name} },
		partName: func(name string) string {
			if l.mount == "" {
				return a.name(prefix + name)
			}
			return a.name(partOf(l.mount, prefix+name))
		},
	})
}

// partOf is how an answer at path, which is of mount, is called in a record: both the mount's path and what is behind it may have any
// number of parts, and be named alike.
func partOf(mount, path string) string { return mount + "/" + strings.TrimPrefix(path, mount) }

// leaves replaces names that are folders by those in them.
func (a area) leaves(ctx context.Context, path, folder string, names []string, depth int) ([]string, error) {
	var found []string
	for _, name := range names {
		name = folder + name
		if !strings.HasSuffix(name, "/") {
			found = append(found, name)
			continue
		}
		if depth == 0 {
			return nil, fmt.Errorf("folder %q is deeper than auditpack looks", name)
		}
		_, _, below, err := a.keys(ctx, path+"/"+strings.TrimSuffix(name, "/"), "list")
		if err != nil {
			return nil, fmt.Errorf("folder %q: %w", name, err)
		}
		inside, err := a.leaves(ctx, path, name, below, depth-1)
		if err != nil {
			return nil, err
		}
		found = append(found, inside...)
	}
	return found, nil
}

// many is a number of answers that one record keeps, or several when they are many.
type many struct {
	kind      evidence.Kind
	noun      string
	list      evidence.Part // the answer that has the names; zero where another record has it
	at        time.Time     // when it came
	names     []string
	total     int64 // that the source listed; more than names where not all are asked for
	procedure string
	allow     string // line of policy for one of them
	call      func(name string) call
	partName  func(name string) string
	ended     func(error) bool // whether an error says that there is no such item any more; nil: a 404
	notes     []string
}

// reply is what came for one name.
type reply struct {
	part evidence.Part
	at   time.Time
	err  error
	gone bool // between the list and the question
}

// each asks for all names and keeps the list and what came.
func (a area) each(ctx context.Context, m many) (int64, error) {
	answers := a.answers(ctx, m)
	var parts []evidence.Part
	var seen int64
	at := m.at
	if m.list.Name != "" {
		parts = append(parts, m.list)
	}
	var failures []error
	notes := m.notes
	for i, r := range answers {
		switch {
		case r.gone:
			notes = append(notes, fmt.Sprintf("%s %q was in the list and was gone when it was asked for", m.noun, m.names[i]))
		case r.err != nil:
			failures = append(failures, fmt.Errorf("%s %q: %w", m.noun, m.names[i], r.err))
		case r.part.Name != "":
			parts, seen = append(parts, r.part), seen+1
			if r.at.After(at) {
				at = r.at
			}
		}
	}
	err := firstOf(failures)
	if missed := len(m.names) - len(answers); missed > 0 {
		err = errors.Join(err, fmt.Errorf("%d more were not asked for", missed))
	}
	var records [][]evidence.Part
	for chunk := range slices.Chunk(parts, partsPerRecord) {
		records = append(records, chunk)
	}
	for i, chunk := range records {
		rec := a.record(m.kind, at, m.procedure, chunk)
		items := int64(len(chunk))
		if i == 0 && m.list.Name != "" {
			items-- // the list is none
		}
		rec.Stated.ItemsSeen = &items
		if i == 0 { // what is of all records is stated once
			rec.Stated.ItemsExpected, rec.Stated.Notes = &m.total, notes
		}
		if len(records) > 1 {
			rec.Stated.Notes = append([]string{fmt.Sprintf("record %d of %d of one list; items_expected of the first is of all", i+1, len(records))}, rec.Stated.Notes...)
		}
		if _, addErr := a.out.Add(ctx, rec); addErr != nil {
			return 0, addErr
		}
	}
	return seen, err
}

// answers asks for the names, several at once, and stores what comes. It returns the answers in the order of the names, up to the
// last that was asked for: it stops when the context ends, or when what failed will fail for every name.
func (a area) answers(ctx context.Context, m many) []reply {
	answers := make([]reply, len(m.names))
	var wg sync.WaitGroup
	var mu sync.Mutex
	next, stopped := 0, false
	work := func() {
		for {
			mu.Lock()
			i := next
			if stopped || i == len(m.names) || ctx.Err() != nil {
				mu.Unlock()
				return
			}
			next++
			mu.Unlock()
			answers[i] = a.answer(ctx, m, m.names[i])
			if hopeless(answers[i].err) {
				mu.Lock()
				stopped = true
				mu.Unlock()
			}
		}
	}
	for range min(parallel, len(m.names)) {
		wg.Go(work)
	}
	wg.Wait()
	return answers[:next]
}

// hopeless says whether err will be that of every further request: the server is gone or sealed, or the evidence store is full.
func hopeless(err error) bool {
	if code := statusOf(err); code != 0 {
		return code == http.StatusServiceUnavailable
	}
	var denied *collectors.DeniedError
	return err != nil && !errors.As(err, &denied) && !errors.Is(err, collectors.ErrNotOffered) && !errors.Is(err, errSecret)
}

func (a area) answer(ctx context.Context, m many, name string) reply {
	body, at, err := a.api.send(ctx, m.call(name))
	ended := m.ended
	if ended == nil {
		ended = func(err error) bool { return statusOf(err) == http.StatusNotFound }
	}
	if ended(err) && strings.HasSuffix(name, "/") {
		return reply{err: fmt.Errorf("it is a folder, and what is in it was not asked for: %w", err)}
	}
	if ended(err) {
		return reply{gone: true}
	}
	if err == nil {
		err = refuseSecrets(body)
	}
	if err != nil {
		return reply{err: a.classify(err, m.allow)}
	}
	part, err := a.put(ctx, m.kind, m.partName(name), body)
	return reply{part: part, at: at, err: err}
}

// firstOf joins the first few errors and counts the others.
func firstOf(errs []error) error {
	if len(errs) <= errorsTold {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs[:errorsTold:errorsTold], fmt.Errorf("and %d more that failed", len(errs)-errorsTold))...)
}
