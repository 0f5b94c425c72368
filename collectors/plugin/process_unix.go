//go:build unix

package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// ownGroup makes the process the leader of a group of its own.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends all processes of the group that p leads; it may be called after p ended.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // a group without processes is no error here

func ownAddress(network, address, dir string) bool {
	return network == "unix" && filepath.IsAbs(address) && filepath.Dir(filepath.Clean(address)) == filepath.Clean(dir)
}

// authenticate says whether both sides need certificates: a socket in a folder that nobody else may enter needs none.
const authenticate = false
