// Package githubtest is a strict stand-in for GitHub's REST API, as far as the codeowners collector asks it. Above each handler
// stands, in our words, what the documentation says of it (docs.github.com/rest, API version 2022-11-28, as of 2026-11). It answers a
// request that the documentation does not foresee with 400, so that a wrong assumption of the collector fails its test. The demo
// serves it too.
package githubtest
