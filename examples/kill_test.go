//go:build unix

package examples_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// TestKilledOrders kills applies and destroys of the orders stack at random moments.
// After the next one nothing is lost, doubled or forgotten. FAULTS=200 kills as many
// under each engine instead of the few that fit into an ordinary run of the tests.
func TestKilledOrders(t *testing.T) {
	needs(t, "stacks/orders")
	moments, seed := 4, uint64(1)
	if s := os.Getenv("FAULTS"); s != "" {
		var err error
		if moments, err = strconv.Atoi(s); err != nil {
			t.Fatalf("FAULTS is a number of moments, not %q", s)
		}
		seed = uint64(time.Now().UnixNano()) //nolint:gosec // any number
	}
	for _, e := range engines(t) {
		if e.name == "tofu" {
			continue // whose way of ending and beginning is terraform's
		}
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			if e.path == "" {
				t.Skipf("%s is not on PATH", e.name)
			}
			k := &killer{work: start(t, "stacks/orders", e), random: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // no secret
			k.shop()
			t.Logf("the seed of the moments is %d", seed)
			k.learn()
			for i := 0; i < moments; i += 2 {
				k.moment(i, "apply", "apply")
				// A destroy that was cut off is gone on with, or taken back.
				k.moment(i+1, "destroy", []string{"destroy", "apply"}[i/2%2])
				k.change("destroy")
			}
			t.Logf("after %d moments, %d objects were there that the state did not have, and were imported as the errors say: %v; %d states were cut off themselves", moments, len(k.imported), k.imported, k.restored)
		})
	}
}

// A killer knows what the stack is like when nobody disturbs it.
type killer struct {
	*work
	random *rand.Rand
	there  map[string][]string      // what the emulator has after each command
	state  map[string]string        // what the state has
	takes  map[string]time.Duration // how long the commands take

	taken    strings.Builder // import blocks
	imported []string        // addresses
	restored int
}

// learn runs the commands to their ends, twice, as the first time is slower.
func (k *killer) learn() {
	k.Helper()
	k.there, k.state, k.takes = map[string][]string{}, map[string]string{}, map[string]time.Duration{}
	for range 2 {
		for _, command := range []string{"apply", "destroy"} {
			began := time.Now()
			k.change(command)
			k.takes[command] = time.Since(began)
			k.there[command], k.state[command] = k.inventory(), k.run("state", "list")
		}
	}
	if len(k.there["destroy"]) > 0 || len(k.there["apply"]) < 25 {
		k.Fatalf("the emulator has %v after an apply, and %v after a destroy", k.there["apply"], k.there["destroy"])
	}
}

func (k *killer) change(command string) {
	k.Helper()
	k.run(command, "-auto-approve", "-no-color", "-input=false")
}

// moment kills one command and looks at what the next one makes of it.
func (k *killer) moment(i int, killed, next string) {
	k.Helper()
	after := time.Duration(k.random.Float64() * float64(k.takes[killed]))
	together := i/2%2 == 0 // with all that it has started, as when the machine ends
	first := k.kill(after, together, killed)
	k.restore()
	out, err := k.try(next, "-auto-approve", "-no-color", "-input=false")
	for err != nil && next == "apply" && k.take(out) {
		out, err = k.try(next, "-auto-approve", "-no-color", "-input=false")
	}
	k.taken.Reset()
	if err := os.RemoveAll(filepath.Join(k.dir, taken)); err != nil {
		k.Fatal(err)
	}
	fail := func(format string, args ...any) {
		k.Helper()
		k.Fatalf("moment %d, %s killed after %s (together: %t): %s\n\nthe command that was killed said:\n%s\n\nthe %s after it:\n%s", i, killed, after, together, fmt.Sprintf(format, args...), first, next, out)
	}
	if err != nil {
		fail("the next command failed: %v", err)
	}
	if next == "apply" {
		k.unchanged()
	}
	if got := k.run("state", "list"); got != k.state[next] {
		fail("the state has\n%s\nwant\n%s", got, k.state[next])
	}
	if got := k.inventory(); !slices.Equal(got, k.there[next]) {
		fail("the emulator has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(k.there[next], "\n"))
	}
}

// kill runs a command, ends it by force after a while, and returns what it said.
func (k *killer) kill(after time.Duration, together bool, command string) string {
	k.Helper()
	c := exec.CommandContext(k.Context(), k.engine.path, command, "-auto-approve", "-no-color", "-input=false")
	c.Dir, c.Env = k.dir, k.env
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	c.WaitDelay = 10 * time.Second // for what it has started, if that goes on
	if err := c.Start(); err != nil {
		k.Fatal(err)
	}
	timer := time.AfterFunc(after, func() {
		pid := c.Process.Pid
		if together {
			pid = -pid
		}
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
	})
	defer timer.Stop()
	if err := c.Wait(); err != nil && c.ProcessState == nil && !errors.Is(err, exec.ErrWaitDelay) {
		k.Fatal(err)
	}
	return out.String()
}

// restore puts the state before the command into the place of one that was cut off in
// the middle. Our engine does so itself, from a whole copy that it writes first.
func (k *killer) restore() {
	k.Helper()
	if k.engine.name == "tfserverless" {
		return
	}
	name := filepath.Join(k.dir, "terraform.tfstate")
	raw, err := os.ReadFile(name)
	if err != nil {
		k.Fatal(err)
	}
	if json.Valid(raw) {
		return
	}
	backup, err := os.ReadFile(name + ".backup")
	if err != nil {
		k.Fatal(err)
	}
	k.write("terraform.tfstate", string(backup))
	k.restored++
}

// taken is the file with the import blocks of objects that were made, but not
// recorded before the command was killed.
const taken = "taken.tf"

// inTheWay is an error about an object that is there already: for which address, and
// by which id it is imported.
var inTheWay = regexp.MustCompile(`(?s)with ([a-z_]+\.[^,\n]+),.*?\bid = ("[^"\n]+")`)

// take adds the import blocks that the errors say, if they say any. Between the end
// of a creation and its record is a moment that nobody can close; the journal of our
// engine says that there was one, but it knows neither ids that AWS chooses nor
// arguments that AWS does not keep, such as the folder of a function's code.
func (k *killer) take(out string) bool {
	k.Helper()
	said := false
	for _, e := range strings.Split(out, "Error: ")[1:] {
		m := inTheWay.FindStringSubmatch(e)
		if m == nil || strings.Contains(k.taken.String(), " "+m[1]+"\n") {
			return false
		}
		fmt.Fprintf(&k.taken, "import {\n  to = %s\n  id = %s\n}\n", m[1], m[2])
		said, k.imported = true, append(k.imported, m[1])
	}
	k.write(taken, k.taken.String())
	return said
}

// inventory is what the emulator has, by kinds and names.
func (k *killer) inventory() []string {
	k.Helper()
	ctx, config := k.Context(), k.emulator()
	var all []string
	note := func(kind string, names ...string) {
		for _, n := range names {
			all = append(all, kind+" "+n)
		}
	}
	must := func(err error) {
		k.Helper()
		if err != nil {
			k.Fatal(err)
		}
	}
	tables, err := dynamodb.NewFromConfig(config).ListTables(ctx, &dynamodb.ListTablesInput{})
	must(err)
	note("table", tables.TableNames...)
	queues, err := sqs.NewFromConfig(config).ListQueues(ctx, &sqs.ListQueuesInput{})
	must(err)
	for _, url := range queues.QueueUrls {
		note("queue", filepath.Base(url))
	}
	functions := lambda.NewFromConfig(config)
	list, err := functions.ListFunctions(ctx, &lambda.ListFunctionsInput{})
	must(err)
	for _, f := range list.Functions {
		note("function", *f.FunctionName)
		aliases, err := functions.ListAliases(ctx, &lambda.ListAliasesInput{FunctionName: f.FunctionName})
		must(err)
		for _, a := range aliases.Aliases {
			note("alias", *f.FunctionName+":"+*a.Name)
		}
	}
	mappings, err := functions.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{})
	must(err)
	for _, m := range mappings.EventSourceMappings {
		note("event source of", (*m.FunctionArn)[strings.LastIndex(*m.FunctionArn, ":")+1:])
	}
	machines, err := sfn.NewFromConfig(config).ListStateMachines(ctx, &sfn.ListStateMachinesInput{})
	must(err)
	for _, m := range machines.StateMachines {
		note("state machine", *m.Name)
	}
	apis := apigatewayv2.NewFromConfig(config)
	found, err := apis.GetApis(ctx, &apigatewayv2.GetApisInput{})
	must(err)
	for _, a := range found.Items {
		note("API", *a.Name)
		routes, err := apis.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: a.ApiId})
		must(err)
		for _, r := range routes.Items {
			note("route", *r.RouteKey)
		}
		integrations, err := apis.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: a.ApiId})
		must(err)
		for range integrations.Items {
			note("integration of", *a.Name)
		}
		authorizers, err := apis.GetAuthorizers(ctx, &apigatewayv2.GetAuthorizersInput{ApiId: a.ApiId})
		must(err)
		for _, z := range authorizers.Items {
			note("authorizer", *z.Name)
		}
	}
	roles, err := iam.NewFromConfig(config).ListRoles(ctx, &iam.ListRolesInput{})
	must(err)
	for _, r := range roles.Roles {
		note("role", *r.RoleName)
	}
	groups, err := cloudwatchlogs.NewFromConfig(config).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(50)})
	must(err)
	for _, g := range groups.LogGroups {
		name := *g.LogGroupName
		for _, a := range found.Items {
			name = strings.Replace(name, *a.ApiId, *a.Name, 1)
		}
		note("log group", name)
	}
	slices.Sort(all)
	return all
}
