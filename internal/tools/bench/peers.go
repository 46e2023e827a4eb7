package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// region is the one that all calls are for.
const region = "eu-north-1"

// A server is a process that answers as DynamoDB does.
type server struct {
	name, url   string
	key, secret string
	pid         int
	process     *exec.Cmd
	dir         string // of its own, removed with it
}

func (s *server) stop() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

// ours starts the emulator, in memory or in a folder of its own.
func (b *bench) ours(ctx context.Context, durable bool) (*server, error) {
	s := &server{name: "ours"}
	args := []string{"emulator", "run", "-addr", "127.0.0.1:0"}
	if durable {
		dir, err := os.MkdirTemp("", "bench-tables")
		if err != nil {
			return nil, err
		}
		s.dir = dir
		args = append(args, "-data-dir", dir)
	}
	s.process = exec.CommandContext(ctx, b.bin, args...)
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.process.Stderr = s.process.Stdout
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	s.pid = s.process.Process.Pid
	if err := s.credentials(ctx, b, out); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

var (
	address   = regexp.MustCompile(`http://[0-9.:]+`)
	accessKey = regexp.MustCompile(`AWS_ACCESS_KEY_ID='?(\w+)`)
	secretKey = regexp.MustCompile(`AWS_SECRET_ACCESS_KEY='?([\w/+]+)`)
)

// credentials reads what the emulator prints: its address, and its key, which
// "emulator env" prints of one with a folder.
func (s *server) credentials(ctx context.Context, b *bench, out io.ReadCloser) error {
	lines := bufio.NewScanner(out)
	text := ""
	for s.url == "" || s.secret == "" {
		if !lines.Scan() {
			return fmt.Errorf("the emulator ended before it was ready:\n%s", text)
		}
		text += lines.Text() + "\n"
		if s.url == "" {
			s.url = address.FindString(text)
		}
		if s.dir != "" && s.url != "" {
			env, err := exec.CommandContext(ctx, b.bin, "emulator", "env", "-data-dir", s.dir).Output()
			if err != nil {
				return fmt.Errorf("asking for the emulator's key: %w", err)
			}
			text += string(env)
		}
		if m := accessKey.FindStringSubmatch(text); m != nil {
			s.key = m[1]
		}
		if m := secretKey.FindStringSubmatch(text); m != nil {
			s.secret = m[1]
		}
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // it only keeps the pipe empty
	return nil
}

// peers starts the other emulators of DynamoDB that "make clients" has installed.
func (b *bench) peers(ctx context.Context) []*server {
	var list []*server
	clients := filepath.Join(b.root, "bin", "clients")
	for _, p := range []struct {
		name, path string
		command    func(port string) []string
	}{
		{"dynalite", filepath.Join(clients, "dynalite", "node_modules", "dynalite", "cli.js"), func(port string) []string {
			return []string{"node", filepath.Join(clients, "dynalite", "node_modules", "dynalite", "cli.js"), "--port", port, "--createTableMs", "0"}
		}},
		{"DynamoDB Local", filepath.Join(clients, "dynamodb-local", "lib"), func(port string) []string {
			lib := filepath.Join(clients, "dynamodb-local", "lib")
			return []string{"java", "-Djava.library.path=" + lib, "-cp", filepath.Join(lib, "*"), "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-disableTelemetry", "-port", port}
		}},
	} {
		s, err := startPeer(ctx, p.name, p.path, p.command)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s is left out: %v\n", p.name, err)
			continue
		}
		list = append(list, s)
	}
	return list
}

func startPeer(ctx context.Context, name, path string, command func(port string) []string) (*server, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	args := command(at[strings.LastIndex(at, ":")+1:])
	s := &server{name: name, url: "http://" + at, key: "test", secret: "test"}
	s.process = exec.CommandContext(ctx, args[0], args[1:]...)
	s.process.Dir = os.TempDir()
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	s.pid = s.process.Process.Pid
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for range 200 {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", at); err == nil {
			return s, c.Close()
		}
		<-again.C
	}
	s.stop()
	return nil, errors.New("it does not listen")
}
