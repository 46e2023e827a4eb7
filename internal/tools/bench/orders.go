package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// orders measures the stack of that name on the emulator: 15 resources, one of whose
// functions is built by the apply.
func (b *bench) orders(ctx context.Context) error {
	var apply, plan, destroy []float64
	env := []string{"TF_VAR_issuer=https://login.example.com"}
	for range runs {
		dir, err := b.stack("orders")
		if err != nil {
			return err
		}
		for _, step := range []struct {
			to   *[]float64
			args []string
		}{
			{&apply, []string{"apply", "-auto-approve"}},
			{&plan, []string{"plan", "-detailed-exitcode"}},
			{&destroy, []string{"destroy", "-auto-approve"}},
		} {
			u, err := spend(ctx, dir, env, b.bin, step.args...)
			if err != nil {
				return err
			}
			*step.to = append(*step.to, u.wall.Seconds())
		}
		if _, err := spend(ctx, dir, nil, b.bin, "emulator", "stop"); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	b.add("orders: apply, the emulator's start and a build of Go included", median(apply), "s", 5, "")
	b.add("orders: second plan, empty", median(plan), "s", 1, "")
	b.add("orders: destroy", median(destroy), "s", 3, "")
	return nil
}

// schema measures the provider's process as terraform starts it: the answer to its
// first question, and the memory at rest after it.
func (b *bench) schema(ctx context.Context) error {
	var first, memory []float64
	for range 2 * runs {
		took, rest, err := b.plugged(ctx)
		if err != nil {
			return err
		}
		first, memory = append(first, took), append(memory, rest)
	}
	b.add("provider: GetProviderSchema, the first of a process", median(first), "ms", 30, "")
	b.add("provider: at rest after it, resident", median(memory), "MB", 60, "")
	return nil
}

// plugged starts the provider, asks for its schema, and returns how long that took, in
// milliseconds, and how much memory the process has then, in MB.
func (b *bench) plugged(ctx context.Context) (took, memory float64, err error) {
	c := exec.CommandContext(ctx, b.bin)
	c.Env = append(os.Environ(), "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6")
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := c.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		if c.ProcessState == nil {
			err = errors.Join(err, c.Process.Kill())
			_ = c.Wait() // it was killed
		}
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 0, 0, fmt.Errorf("waiting for the provider: %w", err)
	}
	parts := strings.Split(strings.TrimSpace(line), "|")
	if len(parts) < 5 {
		return 0, 0, fmt.Errorf("the provider says %q", line)
	}
	conn, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(256<<20)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, parts[2], parts[3])
		}))
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := conn.Invoke(ctx, "/tfplugin6.Provider/GetProviderSchema", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		return 0, 0, fmt.Errorf("asking for the schema: %w", err)
	}
	took = float64(time.Since(start).Microseconds()) / 1000
	if memory, err = statusOf(c.Process.Pid, "VmRSS:"); err != nil {
		return 0, 0, err
	}
	if err := conn.Close(); err != nil { // which ends the process
		return 0, 0, err
	}
	return took, memory, c.Wait()
}
