package facts

// SetPieceRows makes db make the rows of shared views from at most about n rows at once.
func (db *DB) SetPieceRows(n int64) { db.pieceRows = n }

// SharedFolders gives the folders of the rows that were made, by view.
func (db *DB) SharedFolders() map[string]string { return db.shared }
