package codeowners_test

import (
	"net/http"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
)

// failing answers every request whose path ends so with a status.
func failing(suffix string, status int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, suffix) {
				http.Error(w, `{"message": "broken"}`, status)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// inReviews says whether a request was about a change or its pull request.
func inReviews(path string) bool {
	return strings.Contains(path, "/commits/") || strings.Contains(path, "/pulls/")
}

func (s *scenario) reset(sha string) {
	s.t.Helper()
	if err := s.tree.Reset(&git.ResetOptions{Commit: plumbing.NewHash(sha), Mode: git.HardReset}); err != nil {
		s.t.Fatal(err)
	}
}
