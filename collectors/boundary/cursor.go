package boundary

// cursor is what one collection leaves to the next.
type cursor struct {
	API  apiCursor `json:"api"`
	Logs logCursor `json:"logs"`
}
