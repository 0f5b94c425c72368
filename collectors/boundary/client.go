package boundary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"auditpack/internal/httpretry"
)

// client speaks Boundary's HTTP API. It is not safe for concurrent use: a new login changes its token.
type client struct {
	http    *http.Client
	address string // without a slash at its end
	tool    string
	token   string // secret; empty before the first login
	silent  int    // requests in a row without any answer
	why     error  // of the last of them
}

// apiError is an answer other than 2xx. Kind and Message are empty where the answer had no body.
type apiError struct {
	Status  int    `json:"-"`
	Kind    string `json:"kind"` // the name of a gRPC code, such as PermissionDenied, or words of Boundary's own
	Message string `json:"message"`
	Details struct {
		RequestFields []struct {
			Name        string `json:"name"`
			Description string `json:"description"`
		} `json:"request_fields"`
	} `json:"details"`
}

func (e *apiError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP status %d", e.Status)
	if e.Kind != "" {
		fmt.Fprintf(&b, ", %s", e.Kind)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": %q", e.Message)
	}
	for _, f := range e.Details.RequestFields {
		fmt.Fprintf(&b, "; field %q: %q", f.Name, f.Description)
	}
	return b.String()
}

// statusOf returns the HTTP status of an apiError in err, 0 without one.
func statusOf(err error) int {
	var api *apiError
	if errors.As(err, &api) {
		return api.Status
	}
	return 0
}

// staleListToken says whether err is Boundary's refusal of a list token that is too old (30 days) or was made under other
// grants: the list has to be started over. A token that it cannot read at all is a 500, and starting over does not help.
func staleListToken(err error) bool {
	var api *apiError
	return errors.As(err, &api) && api.Status == http.StatusBadRequest && strings.EqualFold(api.Kind, "invalid list token")
}

// refusedListToken says whether err is about the list token with which a list was begun: it is stale, or the server, perhaps of
// another version than the one that made it, cannot read it.
func refusedListToken(err error) bool {
	status := statusOf(err)
	return status == http.StatusBadRequest || status == http.StatusInternalServerError
}

// get returns the body of a resource or a list page, as received.
func (c *client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	target := c.address + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	return c.do(req)
}

// post sends v as JSON and returns the answer's body.
func (c *client) post(ctx context.Context, path string, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return c.do(req)
}

// do sends req. Its errors name neither the URL, whose query holds a list token, nor the token.
func (c *client) do(req *http.Request) ([]byte, error) {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.tool)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.silent >= maxSilent {
		return nil, fmt.Errorf("%w: %w", errDown, c.why)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		err = httpretry.WithoutURL(err)
		if req.Context().Err() == nil && !errors.Is(err, httpretry.ErrCut) && !errors.Is(err, httpretry.ErrTooLarge) {
			c.silent, c.why = c.silent+1, err
		}
		return nil, err
	}
	c.silent = 0
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, readError(resp.StatusCode, body)
	}
	if mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mediaType != "application/json" {
		return nil, fmt.Errorf("answer is %q, not application/json: is this the address of a Boundary controller?", mediaType)
	}
	return body, nil
}

// readError makes an error of an answer's status and body, which may be empty or no JSON at all.
func readError(status int, body []byte) error {
	e := &apiError{}
	if err := json.Unmarshal(body, e); err != nil {
		*e = apiError{}
	}
	e.Status = status
	return e
}
