package runtime

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// nobody is whom plain functions run as when the emulator runs as root.
	nobody = 65534
	// sandboxID is the user that functions are in AWS.
	sandboxID = 993
)

// isolate gives the command namespaces of its own. Root needs no user namespace,
// and must not have one: a function that is mapped to root could write to /proc/sys.
func isolate(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS}
	if os.Geteuid() == 0 {
		return
	}
	a := c.SysProcAttr
	a.Cloneflags |= unix.CLONE_NEWUSER
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: sandboxID, HostID: os.Geteuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: sandboxID, HostID: os.Getegid(), Size: 1}}
	// A user who is not root loses all capabilities at exec, but these.
	a.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN}
}

// The users that functions are when the emulator runs as root: each sandbox another,
// because the kernel counts the processes of a user. They are of those that systemd
// sets aside for transient users.
const (
	firstUser = 61184
	lastUser  = 65519
)

var users atomic.Uint32

// sandboxUser is whom SandboxMain becomes; -1 where the namespace maps the user.
func sandboxUser() int {
	if os.Geteuid() == 0 {
		return firstUser + int(users.Add(1))%(lastUser-firstUser+1)
	}
	return -1
}

// countsTasks reports whether the kernel counts the processes of a user for each
// user namespace, as it does since version 5.14.
func countsTasks() bool {
	var u unix.Utsname
	var major, minor int
	if unix.Uname(&u) != nil {
		return false
	}
	_, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor)
	return err == nil && (major > 5 || major == 5 && minor >= 14)
}

// SandboxMain builds the sandbox around this process, which [SandboxArg] started,
// and becomes the function's program. It returns an exit status if it cannot.
func SandboxMain([]string) int {
	runtime.LockOSThread() // what follows is per thread: the signal at the parent's end
	closeInherited()
	var spec sandboxSpec
	host := os.NewFile(crewFile, "crew")
	lines := bufio.NewReader(host)
	line, err := lines.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return 0 // it was not needed
	}
	if err := json.Unmarshal(line, &spec); err != nil {
		return fail(fmt.Errorf("reading the description of the sandbox: %w", err))
	}
	unix.CloseOnExec(crewFile)
	unix.CloseOnExec(outputFile)
	if err := build(spec); err != nil {
		return fail(err)
	}
	if err := confine(spec); err != nil {
		return fail(err)
	}
	if len(spec.Args) == 0 {
		return 0
	}
	if !spec.Become {
		return supervise(spec, host, lines)
	}
	if err := unix.Exec(spec.Args[0], spec.Args, spec.Env); err != nil {
		return fail(fmt.Errorf("fork/exec %s: %w", spec.Args[0], err))
	}
	return 0
}

// closeInherited closes what neither the host nor this process has opened: whoever
// started the host left it open, and a folder among it would lead out of the sandbox.
// What Go opens is closed at the next program anyway, which tells it apart.
func closeInherited() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return // there are no sandboxes without it either
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= outputFile {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "Error:", err)
	return 125
}

// build makes the file system that the function sees.
func build(spec sandboxSpec) error {
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	// The folders of the host are opened first: the mounts below hide some of them.
	type bind struct {
		to string
		fd int
	}
	var binds []bind
	all := maps.Clone(spec.Mounts)
	maps.Copy(all, spec.Writable)
	for _, to := range slices.Sorted(maps.Keys(all)) { // a folder before those in it
		from := all[to]
		fd, err := unix.Open(from, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("opening %s: %w", from, err)
		}
		binds = append(binds, bind{to, fd})
	}
	const safe = unix.MS_NOSUID | unix.MS_NODEV
	for _, dir := range append(slices.Clone(spec.Hide), "/var") {
		if err := mount("tmpfs", dir, "tmpfs", safe, "size=1m,mode=755"); err != nil {
			return err
		}
	}
	if err := mount("tmpfs", "/tmp", "tmpfs", safe, "mode=1777,size="+strconv.Itoa(spec.Storage)+"m"); err != nil {
		return err
	}
	for _, b := range binds {
		if b.to != hostsFile { // the only one that is no folder, and is there
			if err := os.MkdirAll(b.to, 0o755); err != nil {
				return err
			}
		}
		if err := mount("/proc/self/fd/"+strconv.Itoa(b.fd), b.to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return err
		}
		if _, may := spec.Writable[b.to]; !may {
			if err := readOnly(b.to); err != nil {
				return err
			}
		}
		if err := unix.Close(b.fd); err != nil {
			return err
		}
	}
	for name, target := range spec.Links {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(target, name); err != nil {
			return err
		}
	}
	if err := nameUser(spec); err != nil {
		return err
	}
	if err := readOnlyBut(append(slices.Collect(maps.Keys(spec.Writable)), "/tmp")); err != nil {
		return err
	}
	return mount("proc", "/proc", "proc", safe|unix.MS_NOEXEC, "")
}

// nameUser gives the function's user the name that it has in AWS: programs such as
// the SDKs ask whose process they are, and where their home is.
func nameUser(spec sandboxSpec) error {
	const users, names = "/etc/passwd", "/var/passwd"
	if _, err := os.Stat(users); errors.Is(err, os.ErrNotExist) {
		return nil // a host without a list of users
	}
	id := sandboxID
	if spec.User >= 0 {
		id = spec.User
	}
	list := fmt.Sprintf("root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:%d:%d::/home/sbx_user1051:/sbin/nologin\n", id, id)
	if err := os.WriteFile(names, []byte(list), 0o644); err != nil { //nolint:gosec // the function reads it
		return fmt.Errorf("naming the function's user: %w", err)
	}
	return mount(names, users, "", unix.MS_BIND, "")
}

// readOnly mounts what is at path anew without the right to write. Flags that the
// host has set are locked, and must be repeated.
func readOnly(path string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return fmt.Errorf("looking at %s: %w", path, err)
	}
	locked := uintptr(s.Flags) & (unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOEXEC | unix.ST_NOATIME | unix.ST_NODIRATIME | unix.ST_RELATIME)
	return mount("", path, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|mountFlags(locked), "")
}

// readOnlyBut mounts everything anew without the right to write, but for the places:
// there are files of the host that its user may write to, and memory that all share.
func readOnlyBut(places []string) error {
	err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
	if errors.Is(err, unix.ENOSYS) { // before Linux 5.12
		for _, dir := range []string{"/", "/var", "/dev/shm"} {
			if err := readOnly(dir); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EINVAL) { // which has no mount of its own
				return err
			}
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("taking the right to write: %w", err)
	}
	for _, place := range places {
		if err := unix.MountSetattr(unix.AT_FDCWD, place, 0, &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}); err != nil {
			return fmt.Errorf("giving the right to write to %s: %w", place, err)
		}
	}
	return nil
}

// mountFlags turns the flags of statfs, which are numbers of their own, into those
// of mount.
func mountFlags(st uintptr) uintptr {
	var m uintptr
	for from, to := range map[uintptr]uintptr{
		unix.ST_NOSUID: unix.MS_NOSUID, unix.ST_NODEV: unix.MS_NODEV, unix.ST_NOEXEC: unix.MS_NOEXEC,
		unix.ST_NOATIME: unix.MS_NOATIME, unix.ST_NODIRATIME: unix.MS_NODIRATIME, unix.ST_RELATIME: unix.MS_RELATIME,
	} {
		if st&from != 0 {
			m |= to
		}
	}
	return m
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mounting %s: %w", target, err)
	}
	return nil
}

// confine gives up what the function must not have.
func confine(spec sandboxSpec) error {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 1024}
	if spec.User >= 0 || countsTasks() {
		limits[unix.RLIMIT_NPROC] = maxTasks
	}
	if spec.Data > 0 {
		limits[unix.RLIMIT_DATA] = uint64(spec.Data) << 20
	}
	for what, most := range limits {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("setting limit %d: %w", what, err)
		}
	}
	if spec.User >= 0 {
		if err := syscall.Setgroups(nil); err != nil {
			return fmt.Errorf("leaving all groups: %w", err)
		}
		if err := syscall.Setgid(spec.User); err != nil {
			return fmt.Errorf("changing the group: %w", err)
		}
		if err := syscall.Setuid(spec.User); err != nil {
			return fmt.Errorf("changing the user: %w", err)
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	// A change of the user has undone the request.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("asking for the signal at the parent's end: %w", err)
	}
	if _, there := spec.Mounts[taskRoot]; there {
		return os.Chdir(taskRoot)
	}
	return nil
}

// unprivileged has the command run as nobody, if the emulator runs as root, with
// limits of its own. Where nobody cannot read what the function needs it stays root.
func (e *environment) unprivileged(c *exec.Cmd, t task) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, path := range []string{c.Path, t.code, t.bootstraps, t.tmp} {
		if dir := closedTo(path); dir != "" {
			e.host.notice(fmt.Sprintf("functions run as root, because no other user can read %s", dir))
			return nil
		}
	}
	if err := os.Chown(t.tmp, nobody, nobody); err != nil {
		return fmt.Errorf("giving the function its folder: %w", err)
	}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return nil
}

// closedTo returns the folder above path that others may not enter; empty for none.
func closedTo(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if s, err := os.Stat(dir); err != nil || s.Mode()&1 == 0 {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// limit sets the hard limits of a plain process: of its memory, of a file in its
// folder for temporary files, and none of its memory is written to a file.
func limit(pid int, f *Function) {
	for what, most := range map[int]uint64{
		unix.RLIMIT_DATA:  uint64(dataLimit(f.Memory)) << 20,
		unix.RLIMIT_FSIZE: uint64(f.Storage) << 20,
		unix.RLIMIT_CORE:  0,
	} {
		_ = unix.Prlimit(pid, what, &unix.Rlimit{Cur: most, Max: most}, nil) // it may have ended already
	}
}
