//go:build unix

package process_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

// run runs an emulator in this process, and returns its address and its end.
func run(t *testing.T, c process.Config) (*process.Address, context.CancelFunc, <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ready, ended := make(chan *process.Address, 1), make(chan error, 1)
	c.Ready = func(a *process.Address) { ready <- a }
	go func() { ended <- process.Run(ctx, c) }()
	select {
	case a := <-ready:
		return a, cancel, ended
	case err := <-ended:
		t.Fatalf("Run ended: %v", err)
	}
	return nil, nil, nil
}

func TestRunIsJoined(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	a, stop, ended := run(t, process.Config{DataDir: dir, Main: self()})
	if b := join(t, dir, self()); *b != *a {
		t.Errorf("got %v, want %v", b, a)
	}
	err := process.Run(context.Background(), process.Config{DataDir: dir, Main: self()})
	if err == nil || !strings.Contains(err.Error(), "already at "+a.URL) || !strings.Contains(err.Error(), "emulator stop") {
		t.Errorf("a second one: got %v, want an error that names the first and the remedy", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "address.json")); !os.IsNotExist(err) {
		t.Errorf("the address file is still there (%v)", err)
	}
}

func TestRunInMemory(t *testing.T) {
	t.Parallel()
	a, stop, ended := run(t, process.Config{Addr: "127.0.0.1:0"})
	if err := health(a); err != nil {
		t.Error(err)
	}
	if a.AccessKey == "" || a.SecretKey == "" {
		t.Error("there is no key")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := health(a); err == nil {
		t.Error("it answers after its end")
	}
}

// The port is chosen once; one that is given is kept as well.
func TestPortIsKept(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first, stop, ended := run(t, process.Config{DataDir: dir})
	stop()
	<-ended
	second, stop, ended := run(t, process.Config{DataDir: dir})
	stop()
	<-ended
	if first.URL != second.URL {
		t.Errorf("got %s, want %s again", second.URL, first.URL)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, stop, ended = run(t, process.Config{DataDir: dir, Addr: addr})
	stop()
	<-ended
	third, stop, ended := run(t, process.Config{DataDir: dir})
	stop()
	<-ended
	if third.URL != "http://"+addr {
		t.Errorf("got %s, want the address that was given, %s", third.URL, addr)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct{ addr, says string }{
		{"127.0.0.1:0", ""},
		{"localhost:0", ""},
		{"0.0.0.0:0", "loopback"},
		{":0", "loopback"},
		{"192.0.2.1:4566", "loopback"},
		{"127.0.0.1", "127.0.0.1:4566"},
		{"127.0.0.1:x", "127.0.0.1:4566"},
		{"127.0.0.1:70000", "127.0.0.1:4566"},
		{taken.Addr().String(), "port " + strconv.Itoa(taken.Addr().(*net.TCPAddr).Port) + " on 127.0.0.1 is in use"},
	} {
		l, err := process.Listen(c.addr)
		switch {
		case err == nil && c.says != "":
			t.Errorf("%s: got no error, want one with %q", c.addr, c.says)
		case err != nil && (c.says == "" || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: got %q, want %q", c.addr, err, c.says)
		}
		if err == nil {
			l.Close()
		}
	}
}

func TestIdleStop(t *testing.T) {
	t.Parallel()
	_, _, ended := run(t, process.Config{DataDir: folder(t), IdleStop: time.Millisecond})
	if err := <-ended; err != nil { // it would wait for ever
		t.Error(err)
	}
}
