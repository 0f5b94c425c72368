package vault_test

import (
	"testing"

	"auditpack/collectors/vault"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// Answers in the shape that the API documentation of Vault 1.21 gives; the end-to-end tests ask a real one.
func TestTransitKeyFacts(t *testing.T) {
	store := memstore.New()
	key := func(name, data string) factstest.Evidence {
		return factstest.Evidence{Kind: vault.KindTransitKeys, Name: name, Content: `{"data": ` + data + `}`}
	}
	factstest.Add(t, store, store,
		key("transit/keys", `{"keys": ["app", "sign", "keys"]}`),
		key("transit//keys/app", `{"type": "aes256-gcm96", "latest_version": 2, "min_decryption_version": 1, "min_encryption_version": 0, "auto_rotate_period": 2592000,
			"exportable": false, "allow_plaintext_backup": false, "deletion_allowed": true, "imported_key": false, "keys": {"1": 1767225600, "2": 1782864000}}`),
		key("team-a/: my/transit//keys/sign", `{"type": "ecdsa-p256", "latest_version": 1, "exportable": true, "auto_rotate_period": 0,
			"keys": {"1": {"creation_time": "2026-01-01T01:00:00.5+01:00", "name": "P-256", "public_key": "-----BEGIN PUBLIC KEY-----"}}}`),
		key("transit//keys/keys", `{"type": "aes256-gcm96"}`),
	)
	db := factstest.Project(t, store, store)
	factstest.Check(t, db, `select namespace, mount, "key", key_type, latest_version, versions, created_at, rotated_at, auto_rotate_period, exportable, deletion_allowed from vault_transit_key order by mount, "key"`,
		"team-a | my/transit/ | sign | ecdsa-p256 | 1 | 1 | 2026-01-01T00:00:00.5Z | 2026-01-01T00:00:00.5Z | 0 | true | -",
		" | transit/ | app | aes256-gcm96 | 2 | 2 | 2026-01-01T00:00:00Z | 2026-07-01T00:00:00Z | 2592000 | false | true",
		" | transit/ | keys | aes256-gcm96 | - | 0 | - | - | - | - | -",
	)
}
