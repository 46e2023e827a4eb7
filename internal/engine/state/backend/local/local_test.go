package local_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

var options = backend.Options{Version: "1.14.0", Operation: "OperationTypeApply"}

// TestMain lets this binary be the other process that holds a lock: it opens the
// state, says so, and waits until its input ends.
func TestMain(m *testing.M) {
	local.WithoutSnapshots()
	path := os.Getenv("LOCAL_TEST_HOLD")
	if path == "" {
		os.Exit(m.Run())
	}
	s, err := local.Open(context.Background(), path, options)
	if err != nil {
		os.Stdout.WriteString("error: " + err.Error() + "\n")
		os.Exit(1)
	}
	if e := os.Getenv("LOCAL_TEST_COMMIT"); e != "" {
		check(s.Intend(state.Intent{Addr: instance(e), Action: "create"}))
		check(s.Commit(entry(e, "x")))
		check(s.Intend(state.Intent{Addr: instance("a.unfinished"), Action: "create"}))
	}
	os.Stdout.WriteString("held\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	check(s.Close())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func TestWriteAndReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	s := open(t, path)
	if s.File() != nil {
		t.Fatalf("a new store holds %+v", s.File())
	}
	st := state.New()
	st.Put(entry("a.one", "1"))
	write(t, s, st)
	write(t, s, st) // nothing new
	if got := s.File().Serial; got != 1 {
		t.Errorf("serial: got %d, want 1", got)
	}
	lineage := s.File().Lineage
	closeStore(t, s)
	if _, err := os.Stat(path + ".backup"); err == nil {
		t.Error("there is a backup of nothing")
	}

	s = open(t, path)
	f := s.File()
	if f.Lineage != lineage || f.State.Get(instance("a.one")) == nil {
		t.Errorf("got %+v back", f)
	}
	f.State.Put(entry("a.two", "2"))
	write(t, s, f.State)
	f.State.Put(entry("a.three", "3"))
	write(t, s, f.State)
	closeStore(t, s)
	if got := read(t, path); got.Serial != 3 || len(got.State.Entries()) != 3 {
		t.Errorf("got serial %d with %d objects, want 3 with 3", got.Serial, len(got.State.Entries()))
	}
	if got := read(t, path+".backup"); got.Serial != 1 {
		t.Errorf("backup: got serial %d, want that of the run's begin, 1", got.Serial)
	}
	if at, err := os.Stat(path); err != nil || at.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v, %v; want 0600", at.Mode(), err)
	}
	left(t, path, "terraform.tfstate", "terraform.tfstate.backup")
}

func TestNothingToStoreLeavesNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	s := open(t, path)
	write(t, s, state.New())
	closeStore(t, s)
	left(t, path)
}

func TestCorruptFileIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	const broken = "{\n  \"version\": 4,\n  oops\n}"
	writeFile(t, path, broken)
	_, err := local.Open(t.Context(), path, options)
	var bad *state.ReadError
	if !errors.As(err, &bad) || bad.Path != path || bad.Line != 3 || bad.Column != 3 {
		t.Fatalf("got %v, want a ReadError at %s:3:3", err, path)
	}
	if got, _ := os.ReadFile(path); string(got) != broken {
		t.Errorf("the file was changed to %q", got)
	}
	left(t, path, "terraform.tfstate")
}

func TestTwoStoresOfOneProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	s := open(t, path)
	defer closeStore(t, s)
	_, err := local.Open(t.Context(), path, options)
	var locked *backend.LockError
	if !errors.As(err, &locked) || locked.Holder.Operation != "OperationTypeApply" {
		t.Fatalf("got %v, want a LockError that names the holder", err)
	}
	// Neither that nor reading the file has dropped the lock.
	if _, err := local.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if out := holdElsewhere(t, path, ""); !strings.HasPrefix(out.said, "error: the state") {
		t.Errorf("another process says %q, want a lock error", out.said)
	}
}

func TestLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	other := holdElsewhere(t, path, "")
	if other.said != "held" {
		t.Fatal(other.said)
	}
	_, err := local.Open(t.Context(), path, options)
	var locked *backend.LockError
	if !errors.As(err, &locked) || !strings.Contains(locked.Error(), "OperationTypeApply by ") {
		t.Fatalf("got %v, want a LockError that names the holder", err)
	}
	waiting := make(chan error, 1)
	go func() {
		o := options
		o.LockTimeout = 1 << 40
		s, err := local.Open(t.Context(), path, o)
		if err == nil {
			err = s.Close()
		}
		waiting <- err
	}()
	other.end(t)
	if err := <-waiting; err != nil {
		t.Errorf("after the lock was given back: %v", err)
	}
	left(t, path)
}

// A process that dies without a snapshot loses no step that it was told is safe.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	other := holdElsewhere(t, path, "a.saved")
	if other.said != "held" {
		t.Fatal(other.said)
	}
	if got := read(t, path); got == nil || got.State.Get(instance("a.saved")) == nil {
		t.Error("a reader does not see the step of the run that is under way")
	}
	if err := other.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.cmd.Wait() // it was killed
	s := open(t, path)
	defer closeStore(t, s)
	if got := s.File(); got == nil || got.State.Get(instance("a.saved")) == nil {
		t.Fatal("the step is lost")
	}
	r := s.Recovered()
	if r.Replayed != 1 || len(r.Unfinished) != 1 || r.Unfinished[0].Addr.String() != "a.unfinished" {
		t.Errorf("recovery: got %+v", r)
	}
	if _, err := os.Stat(path + ".journal"); err == nil {
		t.Error("the journal is still there")
	}
}

func TestJournalOfAnotherSnapshotIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	s := open(t, path)
	st := state.New()
	st.Put(entry("a.one", "1"))
	write(t, s, st)
	check(s.Commit(entry("a.two", "2")))
	closeStore(t, s)
	// Somebody else goes on from the snapshot.
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, strings.Replace(string(raw), `"serial": 1`, `"serial": 2`, 1))
	s = open(t, path)
	defer closeStore(t, s)
	if s.File().State.Get(instance("a.two")) != nil {
		t.Error("a journal of another snapshot was replayed")
	}
	if kept := s.Recovered().Kept; kept == "" {
		t.Error("the journal was not kept")
	} else if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

// Whatever byte the copy into the state file stops at, the next run ends it.
func TestCopyCutOff(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	s := open(t, path)
	st := state.New()
	st.Put(entry("a.one", "1"))
	write(t, s, st)
	closeStore(t, s)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 37 {
		writeFile(t, path+".next", string(whole))
		writeFile(t, path, string(whole[:n]))
		s := open(t, path)
		if s.File() == nil || s.File().State.Get(instance("a.one")) == nil {
			t.Fatalf("cut off at %d: the state is lost", n)
		}
		closeStore(t, s)
		if got, _ := os.ReadFile(path); !bytes.Equal(got, whole) {
			t.Fatalf("cut off at %d: the file is %q", n, got)
		}
	}
}

func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	s := open(t, path)
	check(s.Commit(entry("a.one", "1")))
	check(s.Commit(entry("a.two", "2")))
	closeStore(t, s)
	raw, err := os.ReadFile(path + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("in the middle", func(t *testing.T) {
		writeFile(t, path+".journal", strings.Replace(string(raw), "a.one", "a.oNe", 1))
		if _, err := local.Open(t.Context(), path, options); err == nil || !strings.Contains(err.Error(), "line 2: the checksum does not fit") {
			t.Errorf("got %v, want an error about line 2", err)
		}
	})
	t.Run("at the end", func(t *testing.T) {
		writeFile(t, path+".journal", string(raw[:len(raw)-5]))
		s := open(t, path)
		defer closeStore(t, s)
		if s.File() == nil || s.File().State.Get(instance("a.one")) == nil || s.File().State.Get(instance("a.two")) != nil {
			t.Errorf("got %+v, want a.one alone", s.File())
		}
	})
}

// Terraform reads what we wrote and goes on from it, and we from what it wrote.
func TestWithTerraform(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("no terraform on PATH to share a state with")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "terraform.tfstate")
	writeFile(t, filepath.Join(dir, "main.tf"), `resource "terraform_data" "one" { input = "x" }`)
	terraform := func(args ...string) (string, error) {
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(args ...string) string {
		out, err := terraform(args...)
		if err != nil {
			t.Fatalf("terraform %v: %v\n%s", args, err, out)
		}
		return out
	}
	must("init", "-no-color")
	must("apply", "-no-color", "-auto-approve")
	o := options
	o.Version = "1.11.0"
	s, err := local.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := terraform("plan", "-no-color"); err == nil || !strings.Contains(out, "OperationTypeApply") {
		t.Errorf("terraform does not see our lock:\n%s", out)
	}
	f := s.File()
	a := instance("terraform_data.one")
	f.State.Put(state.Entry{Addr: a, Object: f.State.Get(a).With(func(o *state.Object) { o.Tainted = true })})
	write(t, s, f.State)
	closeStore(t, s)
	if out := must("plan", "-no-color"); !strings.Contains(out, "terraform_data.one is tainted") {
		t.Errorf("terraform does not see our change:\n%s", out)
	}
	must("apply", "-no-color", "-auto-approve")
	if got := read(t, path); got.Serial <= 2 || got.State.Get(a).Tainted {
		t.Errorf("we do not see terraform's change: %+v", got)
	}
}

type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	said  string
}

func holdElsewhere(t *testing.T, path, commit string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), "LOCAL_TEST_HOLD="+path, "LOCAL_TEST_COMMIT="+commit)
	p.cmd.Stderr = os.Stderr
	stdin, err := p.cmd.StdinPipe()
	check(err)
	stdout, err := p.cmd.StdoutPipe()
	check(err)
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = p.cmd.Wait() })
	line := make([]byte, 0, 256)
	for one := make([]byte, 1); ; {
		if _, err := stdout.Read(one); err != nil || one[0] == '\n' {
			break
		}
		line = append(line, one[0])
	}
	p.said = string(line)
	return p
}

func (p *process) end(t *testing.T) {
	t.Helper()
	check(p.stdin.Close())
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func open(t *testing.T, path string) *backend.Store {
	t.Helper()
	s, err := local.Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t *testing.T, s *backend.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, s *backend.Store, st *state.State) {
	t.Helper()
	if err := s.Write(st); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) *state.File {
	t.Helper()
	f, err := local.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// left demands that the folder of path holds these files and no others.
func left(t *testing.T, path string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("files: got %v, want %v", got, want)
	}
}

func instance(s string) addr.Instance {
	a, err := addr.ParseInstance(s)
	check(err)
	return a
}

func entry(at, id string) state.Entry {
	ty := cty.Object(map[string]cty.Type{"id": cty.String})
	o, err := state.NewObject(cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(id)}), ty)
	check(err)
	return state.Entry{Addr: instance(at), Object: o, Provider: addr.ProviderConfig{Provider: addr.Builtin}}
}

// Reading the locked file through ReadFile keeps the lock against other
// processes, which reading it in any other way drops.
func TestReadingKeepsTheLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	s := open(t, path)
	st := state.New()
	st.Put(entry("a.one", "1"))
	write(t, s, st)
	raw, err := local.ReadFile(path)
	if err != nil || !bytes.Contains(raw, []byte(`"one"`)) {
		t.Fatalf("got %q, %v", raw, err)
	}
	if out := holdElsewhere(t, path, ""); !strings.HasPrefix(out.said, "error: the state") {
		t.Errorf("another process says %q, want a lock error", out.said)
	}
	closeStore(t, s)
}

// TestReadAfterAnother reads a state that another program has written since a copy
// into it was cut off.
func TestReadAfterAnother(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	for to, serial := range map[string]uint64{path + ".next": 3, path: 9} {
		f := state.NewFile("1.5.0")
		f.Serial = serial
		raw, err := f.Encode()
		if err == nil {
			err = os.WriteFile(to, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if f, err := local.Read(path); err != nil || f == nil || f.Serial != 9 {
		t.Errorf("got %v, %v, want the serial 9", f, err)
	}
}
