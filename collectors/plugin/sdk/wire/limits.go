package wire

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/go-plugin"

	"auditpack/evidence"
)

// What both sides keep to. auditpack ends a collection that leaves them.
const (
	MaxMessageBytes = 4 << 20   // of one message
	MaxChunkBytes   = 256 << 10 // of the data of one PutChunk
	MaxCursorBytes  = 1 << 20   // of a cursor
	MaxOpenPuts     = 16        // that are open at the same time
	MaxTextBytes    = 64 << 10  // of a text: a name, a procedure, a note, a detail
)

// PluginName is the name under which the service is served and dispensed.
const PluginName = "collector"

// Handshake returns what go-plugin compares before it connects. It guards against starting a program that is no plugin, and
// against nothing else.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "AUDITPACK_PLUGIN", MagicCookieValue: "collector"}
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// CheckDescription says what is wrong with what a plugin says of itself: its name, its kinds, which are plugin.NAME.WHAT/1.
func CheckDescription(d *DescribeResponse) error {
	if !namePattern.MatchString(d.GetName()) || len(d.GetName()) > maxName {
		return fmt.Errorf("name %.80q: want lower-case letters, digits and dashes, at most %d", d.GetName(), maxName)
	}
	if d.GetVersion() == "" || len(d.GetVersion()) > maxName || strings.ContainsAny(d.GetVersion(), "\r\n") {
		return fmt.Errorf("version %.80q: want one short line", d.GetVersion())
	}
	if d.GetDoc() == "" || len(d.GetDoc()) > 1000 || strings.ContainsAny(d.GetDoc(), "\r\n") {
		return fmt.Errorf("doc %.80q: want one line", d.GetDoc())
	}
	if n := len(d.GetKinds()); n == 0 || n > maxKinds {
		return fmt.Errorf("%d kinds: want 1 to %d", n, maxKinds)
	}
	prefix := "plugin." + d.GetName() + "."
	for _, k := range d.GetKinds() {
		kind := evidence.Kind(k)
		if err := kind.Validate(); err != nil {
			return err
		}
		if !strings.HasPrefix(k, prefix) || len(k) > 2*maxName {
			return fmt.Errorf("kind %.200q: want %sWHAT/1, a plugin's kinds begin with its own name", k, prefix)
		}
	}
	return nil
}

const (
	maxName  = 64 // bytes of a name or version
	maxKinds = 64
)
