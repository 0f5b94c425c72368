package githubtest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// Object is a JSON object of the API.
type Object = map[string]any

// Data is what a server holds of one repository. Objects are in the full form of the single answers; lists leave out what the
// documentation leaves out there.
type Data struct {
	Token      string              `json:"token"`
	Login      string              `json:"login"`      // whose token it is; empty: of an app, which no user owns
	Admin      bool                `json:"admin"`      // the token may read settings that only administrators see
	ReadOrg    bool                `json:"read_org"`   // the token may read teams
	Repository string              `json:"repository"` // OWNER/NAME
	RenamedTo  string              `json:"renamed_to"` // the id under which the repository is found since it was renamed; empty: it was not
	Default    string              `json:"default_branch"`
	Branches   map[string]Object   `json:"branches"`   // by name: {commit: {sha}, protected}
	Rules      []Object            `json:"rules"`      // active, of the default branch
	Rulesets   []Object            `json:"rulesets"`   // with id and bypass_actors
	Protection Object              `json:"protection"` // of the default branch; nil: not protected
	Activity   []Object            `json:"activity"`   // newest first
	Commits    map[string]Object   `json:"commits"`    // by hash: {commit, author, committer, parents, files}
	Merged     map[string][]int    `json:"merged"`     // pull requests by commit hash
	Pulls      map[int]Pull        `json:"pulls"`      // by number
	Teams      map[string][]Object `json:"teams"`      // members by "org/team"
}

// Pull is a pull request.
type Pull struct {
	Pull    Object   `json:"pull"` // as the single answer has it, without counts
	Commits []Object `json:"commits"`
	Reviews []Object `json:"reviews"` // in the order of time
}

// Load reads github.json of a folder. Each replacement, old and new in turn, is made in its text before: a recording cannot know the
// hashes of commits that are made when the demo starts.
func Load(folder fs.FS, replacements ...string) (Data, error) {
	b, err := fs.ReadFile(folder, "github.json")
	if err != nil {
		return Data{}, fmt.Errorf("read recording: %w", err)
	}
	text := strings.NewReplacer(replacements...).Replace(string(b))
	var d Data
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return Data{}, fmt.Errorf("read recording: %w", err)
	}
	return d, nil
}
