// Package vault collects from HashiCorp Vault: its audit logs from files, as segments with a cursor through every kind of
// rotation, and from a live server the audit devices, auth methods, mounts, ACL policies and health that explain them.
//
// docs/sources/vault.md is for those who configure it, docs/formats/vault-audit-log.md has what is stored. What an entry means
// is read in templates/facts.
package vault
