//go:build !unix

package plugin

import (
	"net"
	"os"
	"os/exec"
)

// ownGroup does nothing: there are no process groups that end as a whole here.
func ownGroup(*exec.Cmd) {}

// killGroup ends p alone.
func killGroup(p *os.Process) { _ = p.Kill() } // one that has ended is no error here

func ownAddress(network, address, _ string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && network == "tcp" && net.ParseIP(host).IsLoopback()
}

// authenticate says whether both sides need certificates: other users can reach a port on loopback.
const authenticate = true
