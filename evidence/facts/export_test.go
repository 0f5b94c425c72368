package facts

// SetPieceRows makes db make the rows of shared views from at most about n rows at once.
func (db *DB) SetPieceRows(n int64) { db.pieceRows = n }

// SharedFolders gives the folders of the rows that were made, by view.
func (db *DB) SharedFolders() map[string]string { return db.shared }

// SetPagedBytes makes db read the results over n bytes of Parquet or more in pages.
func (db *DB) SetPagedBytes(n int64) { db.pagedBytes = n }

// PageRows is how many rows a page has.
const PageRows = pageRows
