package runtime

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The files of a sandbox's first process.
const (
	crewFile   = 3
	outputFile = 4
)

func socketPair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(fds[0], true); err != nil { // so that Close ends a Read
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "crew"), os.NewFile(uintptr(fds[1]), "crew"), nil
}

// supervise holds the programs of a sandbox: the first process in it must take care
// of all others, and a program that were the first would not die of its own signals.
// It ends only by being killed, or when the host has gone. All programs are started by
// this thread: only this one has given up its rights.
func supervise(spec sandboxSpec, host *os.File, lines *bufio.Reader) int {
	out := os.NewFile(outputFile, "output")
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	orders := make(chan string)
	go func() {
		defer close(orders)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			orders <- strings.TrimSuffix(line, "\n")
		}
	}()
	names := map[int]string{}
	run := func(name string, args, env []string, out *os.File, more ...uintptr) int {
		a := &syscall.ProcAttr{
			Dir: taskRoot, Env: env, Files: append([]uintptr{0, out.Fd(), out.Fd()}, more...),
			Sys: &syscall.SysProcAttr{Setpgid: len(spec.Extensions) == 0}, // so that it is frozen alone
		}
		pid, err := syscall.ForkExec(args[0], args, a)
		if err != nil {
			_, _ = fmt.Fprintf(host, "%s\tfork/exec %s: %v\n", name, args[0], err)
			return 0
		}
		names[pid] = name
		return pid
	}
	for _, path := range spec.Extensions {
		run(filepath.Base(path), []string{path}, spec.ExtensionEnv, out)
	}
	start := func() int {
		if spec.Link == "" {
			return run("", spec.Args, spec.Env, os.Stdout)
		}
		link, err := dial(spec.Link)
		if err != nil {
			_, _ = fmt.Fprintf(host, "\tconnecting to %s: %v\n", spec.Link, err)
			return 0
		}
		defer func() { _ = unix.Close(link) }()
		return run("", spec.Args, spec.Env, os.Stdout, uintptr(link))
	}
	main := 0
	if len(spec.Extensions) == 0 {
		main = start()
	}
	for {
		select {
		case order, ok := <-orders:
			switch {
			case !ok:
				return 0
			case order == "start":
				main = start()
			case main != 0 && order == "terminate":
				_ = unix.Kill(main, unix.SIGTERM)
			case main != 0 && order == "kill":
				_ = unix.Kill(main, unix.SIGKILL)
			}
		case <-children:
			for {
				var s syscall.WaitStatus
				pid, err := syscall.Wait4(-1, &s, syscall.WNOHANG, nil)
				if pid <= 0 || err != nil {
					break
				}
				name, ok := names[pid]
				if !ok {
					continue // a child of one of them
				}
				delete(names, pid)
				if pid == main {
					main = 0
				}
				_, _ = fmt.Fprintf(host, "%s\t%s\n", name, describe(s))
			}
		}
	}
}

// dial returns a socket that a program can wait for: package net's own do not wait.
func dial(address string) (int, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return fd, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
}

// describe says how a process ended, as [exec.ExitError] does; nothing for success.
func describe(s syscall.WaitStatus) string {
	switch {
	case s.Signaled():
		return "signal: " + s.Signal().String()
	case s.ExitStatus() != 0:
		return "exit status " + strconv.Itoa(s.ExitStatus())
	}
	return ""
}
