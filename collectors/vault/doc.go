// Package vault collects from HashiCorp Vault: its audit logs from files, as segments with a cursor through every kind of
// rotation, and from a live server what explains them: audit devices, auth methods, mounts and how they are tuned, roles, ACL and
// password policies, identities, login MFA, tokens by their accessors, namespaces, and the state of the server. It reads, and
// asks for nothing that is a secret or makes one; of what changes something it does three things: log in, renew its own token, and
// give it back.
//
// docs/sources/vault.md is for those who configure it, docs/formats/vault-audit-log.md has what is stored. What an entry means
// is read in templates/facts.
package vault
