package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// A language is one whose functions are measured.
type language struct {
	name, handler string
	runtime       types.Runtime
	memory        int32
	bare          []string // the start of the same interpreter, that does nothing
	path          []string // prints the true path of the interpreter: the first may be a shim
	ratio, warm   float64  // limits: cold start over bare, and median of warm calls in ms
	cold          float64  // limit of the cold start in ms, where there is no interpreter
	files         func(context.Context, *bench) (map[string][]byte, error)
}

func text(name, content string) func(context.Context, *bench) (map[string][]byte, error) {
	return func(context.Context, *bench) (map[string][]byte, error) {
		return map[string][]byte{name: []byte(content)}, nil
	}
}

var functions = []language{
	{
		name: "provided (Go)", handler: "bootstrap", runtime: types.RuntimeProvidedal2023, memory: 128, warm: 0.8, cold: 15,
		files: func(ctx context.Context, b *bench) (map[string][]byte, error) {
			return built(ctx, b.root, "bootstrap", "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "{}/bootstrap", "./internal/tools/bench/function")
		},
	},
	{
		name: "node", handler: "index.handler", runtime: types.RuntimeNodejs22x, memory: 128, ratio: 1.3, warm: 1.5,
		bare: []string{"node", "-e", "0"}, files: text("index.js", `exports.handler = async (e) => e`),
	},
	{
		name: "python", handler: "main.handler", runtime: types.RuntimePython311, memory: 128, ratio: 2.5, warm: 1.5,
		bare: []string{"python3", "-c", "pass"}, path: []string{"-c", "import sys; print(sys.executable)"}, files: text("main.py", "def handler(event, context):\n  return event\n"),
	},
	{
		name: "java", handler: "Echo::handle", runtime: types.RuntimeJava17, memory: 512, ratio: 5,
		bare: []string{"java", "-version"},
		files: func(ctx context.Context, b *bench) (map[string][]byte, error) {
			dir, err := os.MkdirTemp("", "bench-java")
			if err != nil {
				return nil, err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			source := filepath.Join(dir, "Echo.java")
			if err := os.WriteFile(source, []byte("public class Echo { public Object handle(Object event) { return event; } }"), 0o600); err != nil {
				return nil, err
			}
			return built(ctx, b.root, "Echo.class", "javac", "-d", "{}", source)
		},
	},
}

// built runs a build with a folder in place of {}, and returns the file that it makes.
func built(ctx context.Context, root, file, name string, args ...string) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "bench-build")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for i, a := range args {
		args[i] = filepath.Clean(string(bytes.ReplaceAll([]byte(a), []byte("{}"), []byte(dir))))
		if a[0] == '-' || a[0] == '.' {
			args[i] = a
		}
	}
	if _, err := spend(ctx, root, []string{"CGO_ENABLED=0"}, name, args...); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, file))
	return map[string][]byte{file: b}, err
}

// functions measures invocations through the SDK: cold and warm ones, many at once,
// and functions that call functions.
func (b *bench) functions(ctx context.Context) error {
	s, err := b.ours(ctx, true)
	if err != nil {
		return err
	}
	defer s.stop()
	keys := credentials.NewStaticCredentialsProvider(s.key, s.secret, "")
	role, err := makeRole(ctx, s, keys)
	if err != nil {
		return err
	}
	c := lambda.New(lambda.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys})
	for i, l := range functions {
		if len(l.bare) > 0 {
			if _, err := exec.LookPath(l.bare[0]); err != nil {
				fmt.Fprintf(os.Stderr, "bench: %s is left out: %v\n", l.name, err)
				continue
			}
		}
		if len(l.path) > 0 {
			path, err := exec.CommandContext(ctx, l.bare[0], l.path...).Output()
			if err != nil {
				return fmt.Errorf("%s: asking for its path: %w", l.name, err)
			}
			l.bare[0] = strings.TrimSpace(string(path))
		}
		name := fmt.Sprintf("f%d", i)
		if err := b.make(ctx, c, l, name, role); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		if err := b.invocations(ctx, c, l, name); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return b.crowds(ctx, c)
}

// makeRole makes a role that functions may do everything with, and returns its ARN.
func makeRole(ctx context.Context, s *server, keys aws.CredentialsProvider) (string, error) {
	roles := iam.New(iam.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys})
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	role, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("bench"), AssumeRolePolicyDocument: aws.String(trust)})
	if err != nil {
		return "", fmt.Errorf("making a role: %w", err)
	}
	allow := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	if _, err := roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("bench"), PolicyName: aws.String("all"), PolicyDocument: &allow}); err != nil {
		return "", fmt.Errorf("making a policy: %w", err)
	}
	return aws.ToString(role.Role.Arn), nil
}

func (b *bench) make(ctx context.Context, c *lambda.Client, l language, name, role string) error {
	files, err := l.files(ctx, b)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for file, content := range files {
		h := &zip.FileHeader{Name: file, Method: zip.Deflate}
		h.SetMode(0o755)
		w, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	_, err = c.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Role: &role, Runtime: l.runtime, Handler: &l.handler, MemorySize: &l.memory, Timeout: aws.Int32(60),
		Code: &types.FunctionCode{ZipFile: buf.Bytes()},
	})
	if err != nil {
		return err
	}
	return lambda.NewFunctionActiveV2Waiter(c, func(o *lambda.FunctionActiveV2WaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, time.Second
	}).
		Wait(ctx, &lambda.GetFunctionInput{FunctionName: &name}, time.Minute)
}

// call invokes a function and returns how long that took, in ms.
func call(ctx context.Context, c *lambda.Client, name, payload string) (float64, error) {
	start := time.Now()
	out, err := c.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(payload)})
	ms := float64(time.Since(start).Microseconds()) / 1000
	if err != nil {
		return ms, err
	}
	if out.FunctionError != nil || strings.ReplaceAll(string(out.Payload), " ", "") != payload {
		return ms, fmt.Errorf("the function answered %s to %s", out.Payload, payload)
	}
	return ms, nil
}

// again changes a function, so that its next call is a cold one.
func again(ctx context.Context, c *lambda.Client, name string) error {
	if _, err := c.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Description: aws.String(time.Now().String())}); err != nil {
		return err
	}
	w := lambda.NewFunctionUpdatedV2Waiter(c, func(o *lambda.FunctionUpdatedV2WaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, time.Second
	})
	return w.Wait(ctx, &lambda.GetFunctionInput{FunctionName: &name}, time.Minute)
}

// startAlone runs an interpreter that does nothing, and returns how long that took, in
// ms. Like a function it gets nothing of this program's environment: variables such as
// NODE_EXTRA_CA_CERTS make an interpreter's start several times as long, and the ratio
// to it better than it is.
func startAlone(ctx context.Context, args []string) (float64, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env, c.Dir = []string{"PATH=/usr/local/bin:/usr/bin:/bin"}, os.TempDir()
	start := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return float64(time.Since(start).Microseconds()) / 1000, nil
}

// rest lets the machine come to rest between measurements.
func rest(d time.Duration) {
	t := time.NewTimer(d)
	<-t.C
}

func (b *bench) invocations(ctx context.Context, c *lambda.Client, l language, name string) error {
	const payload = `{"Depth":0,"Number":7}`
	var cold, bare, ratios, warm []float64
	// The first ones are not counted: what the emulator makes once, the archive of
	// Java's classes among it, is made behind them.
	const rounds, before = 9, 3
	for i := range rounds + before {
		if i == before && l.runtime == types.RuntimeJava17 {
			rest(10 * time.Second)
		}
		if err := again(ctx, c, name); err != nil {
			return err
		}
		ms, err := call(ctx, c, name, payload)
		if err != nil {
			return err
		}
		rest(300 * time.Millisecond) // what the emulator does behind a call is no part of what follows
		if i < before {
			continue
		}
		cold = append(cold, ms)
		if len(l.bare) == 0 {
			continue
		}
		alone, err := startAlone(ctx, l.bare)
		if err != nil {
			return err
		}
		bare = append(bare, alone)
		ratios = append(ratios, ms/bare[len(bare)-1])
	}
	for range 500 {
		ms, err := call(ctx, c, name, payload)
		if err != nil {
			return err
		}
		warm = append(warm, ms)
	}
	b.add("cold invoke by the SDK: "+l.name, median(cold), "ms", l.cold, "")
	if len(bare) > 0 {
		b.add("the same interpreter alone: "+l.name, median(bare), "ms", 0, "")
		b.add("cold invoke / interpreter alone: "+l.name, median(ratios), "×", l.ratio, "")
	}
	b.add("warm invoke by the SDK, median: "+l.name, median(warm), "ms", l.warm, "")
	return nil
}

// crowds measures 1,000 invocations at 32 at once, and 64 functions at once that
// call functions: none may be lost.
func (b *bench) crowds(ctx context.Context, c *lambda.Client) error {
	for _, m := range []struct {
		what            string
		n, most, nested int
	}{{"1,000 invocations at 32 at once", 1000, 32, 0}, {"64 invocations at once that call another", 64, 64, 1}} {
		start := time.Now()
		var group sync.WaitGroup
		var mu sync.Mutex
		var failed []error
		places := make(chan struct{}, m.most)
		for i := range m.n {
			group.Go(func() {
				places <- struct{}{}
				defer func() { <-places }()
				if _, err := call(ctx, c, "f0", fmt.Sprintf(`{"Depth":%d,"Number":%d}`, m.nested, i)); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed = append(failed, err)
				}
			})
		}
		group.Wait()
		if len(failed) > 0 {
			return fmt.Errorf("%s: %d of %d are lost: %w", m.what, len(failed), m.n, errors.Join(failed[:1]...))
		}
		b.add(m.what+", none lost", time.Since(start).Seconds(), "s", 0, "")
	}
	return nil
}
