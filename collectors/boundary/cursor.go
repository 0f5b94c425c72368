package boundary

import "time"

// cursor is what one collection leaves to the next.
type cursor struct {
	API            apiCursor  `json:"api"`
	Logs           logCursor  `json:"logs"`
	RecordingFiles *time.Time `json:"recording_files,omitempty"` // when the files of recordings were listed and hashed last without a failure
}
