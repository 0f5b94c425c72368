// Package wire is the protocol between auditpack and a collector in another program: its messages, generated from
// collector.proto, how they become records and back, and the limits that both sides know. It starts nothing and stores nothing.
package wire

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.50.0 generate
