//go:build unix

package process_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

func TestCannotStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		main    string
		says    []string
	}{
		{"a file in its place", func(t *testing.T, dir string) { write(t, dir, "") }, self(), []string{"data_dir", "cannot be written", "choose another"}},
		{"below a file", func(t *testing.T, dir string) { write(t, filepath.Dir(dir)+"/data", "") }, self(), []string{"cannot be written"}},
		{"no program", func(*testing.T, string) {}, "", []string{"no emulator is running", "emulator start"}},
		{"not a program", func(*testing.T, string) {}, "/dev/null", []string{"/dev/null"}},
		{"a newer version's", newer, self(), []string{"format 999", "another version"}},
		{"port in use", func(t *testing.T, dir string) { busy(t, dir) }, self(), []string{"port ", "in use by another program", "remove", filepath.Join("data", "port")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			c.prepare(t, dir)
			for range 2 { // and nothing is left that changes the answer
				a, err := process.Join(context.Background(), dir, c.main)
				if err == nil {
					t.Fatalf("got %v, want an error", a)
				}
				for _, s := range c.says {
					if !strings.Contains(err.Error(), s) {
						t.Errorf("got %q, want it to say %q", err, s)
					}
				}
			}
		})
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newer makes what a later version of the program may leave.
func newer(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(filepath.Join(dir, "state", "store.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("\x00meta"))
		if err != nil {
			return err
		}
		return b.Put([]byte("format"), []byte("999"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// busy lets a foreign program take the folder's port, which it returns.
func busy(t *testing.T, dir string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	write(t, filepath.Join(dir, "port"), strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// A user without the right to write is told so; root may write everywhere.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	if err := os.Chmod(parent, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		_, err := process.Join(context.Background(), filepath.Join(parent, "data"), self())
		if err == nil || !strings.Contains(err.Error(), "cannot be written") {
			t.Errorf("got %v, want an error about writing", err)
		}
		return
	}
	program := filepath.Join(t.TempDir(), "program")
	mine, err := os.ReadFile(self())
	if err != nil {
		t.Fatal(err)
	}
	install(t, program, mine)
	cmd := exec.Command(program, "join", filepath.Join(parent, "data"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	for d := filepath.Dir(program); d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Dir(parent), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "cannot be written") {
		t.Errorf("got %v: %s, want an error about writing", err, out)
	}
}
