//go:build unix

package cli

import (
	"encoding/json"
	"path/filepath"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// freeze is the script command that halts the emulator of a folder; at the end
// of the script it goes on, to be stopped in order.
func freeze(ts *testscript.TestScript, neg bool, args []string) {
	signalEmulator(ts, neg, args, syscall.SIGSTOP)
	ts.Defer(func() { signalEmulator(ts, neg, args, syscall.SIGCONT) })
}

// thaw is the script command that lets it go on.
func thaw(ts *testscript.TestScript, neg bool, args []string) {
	signalEmulator(ts, neg, args, syscall.SIGCONT)
}

func signalEmulator(ts *testscript.TestScript, neg bool, args []string, s syscall.Signal) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeze FOLDER, thaw FOLDER")
	}
	var address struct{ PID int }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(filepath.Join(args[0], "address.json"))), &address))
	if address.PID <= 1 {
		ts.Fatalf("%s names no process", args[0])
	}
	ts.Check(syscall.Kill(address.PID, s))
}
