package runtime

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the bootstrap
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// javaBootstrap is bootstrap/java, compiled for version 8, which make java does to the
// same bytes each time.
//
//go:embed bootstrap/java.jar
var javaBootstrap []byte

// javaTime is when the bootstrap was made, as far as a virtual machine sees: it takes
// an archive of classes only for a jar of the same time.
var javaTime = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// java returns the folder of the bootstrap for Java: of the user's cache, because
// the archives of loaded classes beside it take seconds to make.
func (h *Host) java() (string, error) {
	sum := sha256.Sum256(javaBootstrap)
	parent, err := SDKDir("java")
	if err != nil {
		parent = filepath.Join(h.Dir, "java")
	}
	dir := filepath.Join(parent, hex.EncodeToString(sum[:8]))
	jar := filepath.Join(dir, "java.jar")
	if s, err := os.Stat(jar); err == nil && s.ModTime().Equal(javaTime) {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making a folder for the runtime of Java: %w", err)
	}
	temp, err := os.CreateTemp(dir, ".java-")
	if err != nil {
		return "", fmt.Errorf("writing the runtime of Java: %w", err)
	}
	_, err = temp.Write(javaBootstrap)
	if err := errors.Join(err, temp.Chmod(0o644), temp.Close(), os.Chtimes(temp.Name(), javaTime, javaTime), os.Rename(temp.Name(), jar)); err != nil {
		return "", errors.Join(fmt.Errorf("writing the runtime of Java: %w", err), os.Remove(temp.Name()))
	}
	return dir, nil
}

// archive is the file of loaded classes that belongs to a virtual machine as it is
// installed and to a place of the bootstrap; empty for versions that have none.
func archive(t task, p program) string {
	if v, err := strconv.Atoi(p.version); err != nil || v < 13 {
		return ""
	}
	s, err := os.Stat(p.path)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(p.path + "\x00" + t.bootstraps + "\x00" + s.ModTime().UTC().String()))
	return "classes-" + hex.EncodeToString(sum[:8]) + ".jsa"
}

// javaFlags make a virtual machine start fast, and keep it within the memory.
func javaFlags(memory int) []string {
	heap := max(32, memory*6/10)
	if memory >= 512 {
		heap = memory * 8 / 10
	}
	return []string{
		"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto",
		"-Xmx" + strconv.Itoa(heap) + "m", "-XX:ReservedCodeCacheSize=48m", "-Djava.net.preferIPv4Stack=true",
		"-Dfile.encoding=UTF-8", "-Dsun.stdout.encoding=UTF-8", "-Dstdout.encoding=UTF-8", // whatever locales the machine has
	}
}

// javaCommand starts the bootstrap.
func javaCommand(memory int, t task, p program) []string {
	args := append([]string{p.path}, javaFlags(memory)...)
	if a := archive(t, p); a != "" {
		if _, err := os.Stat(filepath.Join(t.hostBootstraps, a)); err == nil {
			args = append(args, "-XX:SharedArchiveFile="+filepath.Join(t.bootstraps, a), "-Xlog:disable", "-Xlog:all=error:stderr")
		}
	}
	return append(args, "-cp", filepath.Join(t.bootstraps, "java.jar"), "tfserverless.Bootstrap", t.opt)
}

// train makes the archive of loaded classes in the background, if there is none: the
// virtual machines that start later need half the time.
func (e *environment) train(s launch, p program) {
	name := archive(s.task, p)
	if name == "" {
		return
	}
	final := filepath.Join(s.task.hostBootstraps, name)
	if _, err := os.Stat(final); err == nil {
		return
	}
	if _, busy := e.host.trained.LoadOrStore(final, true); busy {
		return
	}
	e.host.begin(func() {
		if err := e.host.makeArchive(s, p, final); err != nil && !errors.Is(err, context.Canceled) {
			e.host.notice("functions in Java start slowly, because no archive of their classes can be made: " + err.Error())
		}
	})
}

// makeArchive runs the bootstrap once where functions will see it.
func (h *Host) makeArchive(s launch, p program, final string) error {
	dir, err := os.MkdirTemp(filepath.Dir(final), ".train-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // in a sandbox it is another user who writes
		return err
	}
	place := dir
	if s.sandboxed {
		place = trainDir
	}
	args := append([]string{p.path}, javaFlags(256)...)
	args = append(args, "-XX:ArchiveClassesAtExit="+filepath.Join(place, "classes.jsa"), "-cp", filepath.Join(s.task.bootstraps, "java.jar"), "tfserverless.Bootstrap", "--train")
	var out bytes.Buffer
	if s.sandboxed {
		spec := s.spec
		spec.Args, spec.Writable, spec.Data = args, map[string]string{trainDir: dir}, 0
		c := h.sandboxCommand()
		c.Stdout, c.Stderr = &out, &out
		err = h.runSandbox(c, spec, time.Minute)
	} else {
		err = h.runFor(&exec.Cmd{Path: p.path, Args: args, Dir: dir, Env: []string{}, Stdout: &out, Stderr: &out}, time.Minute)
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out.Bytes()))
	}
	made := filepath.Join(dir, "classes.jsa")
	return errors.Join(os.Chmod(made, 0o644), os.Rename(made, final)) //nolint:gosec // for all functions
}

// runFor runs a command of the host's own, until the host is closed.
func (h *Host) runFor(c *exec.Cmd, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(h.life, limit)
	defer cancel()
	err := c.Start()
	for _, f := range c.ExtraFiles {
		_ = f.Close()
	}
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = c.Process.Kill() })()
	if err := c.Wait(); err != nil {
		return errors.Join(err, ctx.Err())
	}
	return nil
}
