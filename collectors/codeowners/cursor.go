package codeowners

import (
	"maps"
	"slices"
)

// cursorFormat names the layout of the cursor. One in another layout is ignored: everything is asked again, which is right, only not
// cheap.
const cursorFormat = "codeowners.cursor/1"

// cursor says which changes need not be asked about again, and where the branch ended.
type cursor struct {
	Format     string   `json:"format"`
	Repository string   `json:"repository"` // OWNER/NAME, empty without a server
	Branch     string   `json:"branch"`
	Tip        string   `json:"tip"`  // commit that the branch ended at
	Done       []string `json:"done"` // commits about whose reviews everything is known; those of the period collected last
}

// readCursor returns what the last collection left, if it was of the same branch of the same repository.
func (r *reading) readCursor() (cursor, error) {
	var last cursor
	if _, err := r.out.Cursor(&last); err != nil {
		return cursor{}, err
	}
	if last.Format != cursorFormat || last.Repository != r.repositoryName() || last.Branch != r.branchName {
		return cursor{}, nil
	}
	return last, nil
}

func (r *reading) saveCursor() error {
	return r.out.SetCursor(cursor{
		Format: cursorFormat, Repository: r.repositoryName(), Branch: r.branchName, Tip: r.cursorTip,
		Done: nonNil(slices.Sorted(maps.Keys(r.done))),
	})
}
