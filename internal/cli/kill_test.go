//go:build unix

package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killings are three configurations that follow each other in turn: objects are
// made, changed in place, replaced in both orders, and destroyed on the way.
var killings = []struct {
	main    string
	objects []string
	tables  []string
}{
	{
		main: `
resource "serverless_table" "notes" {
  name          = "notes"
  partition_key = { name = "pk", type = "S" }
  tags          = { step = "one" }
}
resource "serverless_table" "users" {
  name          = "users"
  partition_key = { name = "pk", type = "S" }
}
resource "terraform_data" "x" {
  count = 3
  input = "${serverless_table.notes.arn} one"
}
resource "terraform_data" "y" {
  triggers_replace = ["one"]
  input            = "kept in both orders"
  lifecycle { create_before_destroy = true }
}`,
		objects: []string{"serverless_table.notes", "serverless_table.users", "terraform_data.x[0]", "terraform_data.x[1]", "terraform_data.x[2]", "terraform_data.y"},
		tables:  []string{"notes", "users"},
	},
	{
		main: `
resource "serverless_table" "notes" {
  name          = "notes"
  partition_key = { name = "pk", type = "S" }
  tags          = { step = "two" }
}
resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "pk", type = "S" }
  tags          = { after = terraform_data.x[0].id }
}
resource "terraform_data" "x" {
  count = 2
  input = "${serverless_table.notes.arn} two"
}
resource "terraform_data" "y" {
  triggers_replace = ["two"]
  input            = "kept in both orders"
  lifecycle { create_before_destroy = true }
}`,
		objects: []string{"serverless_table.notes", "serverless_table.orders", "terraform_data.x[0]", "terraform_data.x[1]", "terraform_data.y"},
		tables:  []string{"notes", "orders"},
	},
	{
		main: `
resource "serverless_table" "notes" {
  name          = "notes"
  partition_key = { name = "id", type = "N" }
}
resource "terraform_data" "x" {
  input = serverless_table.notes.arn
}`,
		objects: []string{"serverless_table.notes", "terraform_data.x"},
		tables:  []string{"notes"},
	},
}

// TestKilledApply kills applies at random moments. A second apply must converge,
// with no object lost, doubled or forgotten. FAULTS=200 kills as many instead of
// the few that fit into an ordinary run of the tests.
func TestKilledApply(t *testing.T) {
	t.Parallel()
	moments, seed := 24, uint64(1)
	if s := os.Getenv("FAULTS"); s != "" {
		var err error
		if moments, err = strconv.Atoi(s); err != nil {
			t.Fatalf("FAULTS is a number of moments, not %q", s)
		}
		seed = uint64(time.Now().UnixNano()) //nolint:gosec // any number
	}
	if testing.Short() {
		moments = 6
	}
	url, env := bucket(t)
	f := newFolder(t, "", env...)
	write := func(main string) {
		f.write("main.tf", `
terraform {
  required_providers {
    serverless = { source = "tfserverless/serverless" }
  }
}
provider "serverless" {
  region = "us-east-1"
  stack  = "killed"
}
`+main)
	}
	t.Logf("the seed of the moments is %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // no secret
	// How long an apply takes when nobody disturbs it, and how long its steps do.
	var whole, steps [3]time.Duration
	for range 2 { // the second time, objects are there that are replaced
		for i, k := range killings {
			write(k.main)
			began := time.Now()
			_, steps[i] = f.killed(true, time.Hour)
			whole[i] = time.Since(began)
		}
	}
	replayed, unfinished, half := 0, 0, 0
	for i := range moments {
		k := killings[i%len(killings)]
		write(k.main)
		// Every fourth is killed at any moment, the others while steps are made.
		within, limit := i%4 != 0, whole[i%len(killings)]
		if within {
			limit = steps[i%len(killings)]
		}
		after := time.Duration(random.Float64() * float64(limit))
		first, _ := f.killed(within, after)
		// Most go on with the same, and some with the end of everything.
		second := "apply"
		if i%5 == 4 {
			second, k.objects, k.tables = "destroy", []string{}, []string{}
		}
		out, err := f.try(name, second, "-auto-approve")
		if err != nil && strings.Contains(out, "An object is half made") {
			half++
			f.run(name, "apply", "-auto-approve")
			out, err = f.try(name, second, "-auto-approve")
		}
		fail := func(format string, args ...any) {
			t.Helper()
			t.Fatalf("moment %d, after %s of the change to configuration %d: %s\n\nthe apply that was killed said:\n%s\n\nthe second one:\n%s", i, after, i%len(killings), fmt.Sprintf(format, args...), first, out)
		}
		if err != nil {
			fail("the second apply failed: %v", err)
		}
		if strings.Contains(out, "An earlier run was cut off") {
			replayed++
		}
		if strings.Contains(out, "The outcome of a step is not known") {
			unfinished++
		}
		if said, err := f.try(name, "plan", "-detailed-exitcode"); err != nil && second == "apply" {
			fail("the plan after it is not empty: %v\n%s", err, said)
		}
		if got := strings.Fields(f.run(name, "state", "list")); !slices.Equal(got, k.objects) {
			fail("the state has %v, want %v", got, k.objects)
		}
		if got := tables(t, url); !slices.Equal(got, k.tables) {
			fail("there are the tables %v, want %v", got, k.tables)
		}
		left, err := filepath.Glob(filepath.Join(f.dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range left {
			if n := filepath.Base(path); !slices.Contains([]string{".terraform", "main.tf", "terraform.tfstate", "terraform.tfstate.backup"}, n) {
				fail("%s was left behind", n)
			}
		}
	}
	t.Logf("of %d applies that were killed, %d had steps that only the journal knew, and %d one whose outcome was not known; %d times nothing was destroyed before the apply was repeated", moments, replayed, unfinished, half)
}

// killed runs an apply and kills it after a while, counted from its begin or from
// that of its first step. It returns what the apply said, and how long its steps took.
func (f *folder) killed(within bool, after time.Duration) (string, time.Duration) {
	f.t.Helper()
	cmd := exec.Command(name, "apply", "-auto-approve")
	cmd.Dir, cmd.Env = f.dir, f.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	kill := func() { _ = cmd.Process.Signal(syscall.SIGKILL) } // it may have ended
	var timer *time.Timer
	began := time.Now()
	if !within {
		timer = time.AfterFunc(after, kill)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if timer == nil && strings.HasSuffix(strings.Split(lines.Text(), " [")[0], "ing...") && !strings.Contains(lines.Text(), "Refreshing") {
			began = time.Now()
			timer = time.AfterFunc(after, kill)
		}
	}
	took := time.Since(began)
	_ = cmd.Wait() // killed, or not
	if timer != nil {
		timer.Stop()
	}
	return said.String(), took
}

// tables are the names of the tables that there are, but for the one for locks.
func tables(t *testing.T, url string) []string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ TableNames []string }
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return slices.DeleteFunc(out.TableNames, func(n string) bool { return n == "locks" })
}
