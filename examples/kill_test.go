//go:build unix

package examples_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
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
	all := engines(t)
	for _, e := range []struct {
		engine
		journal bool // what creations note reaches the engine's journal
	}{{all[0], true}, {all[0], false}, {all[1], false}, {all[2], false}} {
		name := e.name
		if e.name == "tfserverless" && !e.journal {
			name += " with the provider in a process of its own"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e.path == "" {
				t.Skipf("%s is not on PATH", e.name)
			}
			k := &killer{work: start(t, "stacks/orders", e.engine), journal: e.journal, random: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // no secret
			if k.journal {
				// The provider is part of the program, as users have it.
				k.env = append(k.env, "TF_CLI_CONFIG_FILE="+k.write("cli.tfrc", ""))
			}
			k.shop()
			t.Logf("the seed of the moments is %d", seed)
			k.learn()
			for i := 0; i < moments; i += 2 {
				if k.journal && i/2%2 == 1 { // else a destroy knows nothing of what was not recorded
					k.moment(i, "apply", "destroy")
					k.change("apply")
				} else {
					k.moment(i, "apply", "apply")
				}
				// A destroy that was cut off is gone on with, or taken back.
				k.moment(i+1, "destroy", []string{"destroy", "apply"}[i/2%2])
				k.change("destroy")
				if n := k.holds(); n != 0 {
					k.Fatalf("after moment %d and a destroy, the emulator holds %d things, want 0", i+1, n)
				}
			}
			t.Logf("after %d moments, %d objects were there that the state did not have, and were imported as the errors say: %v; %d states were cut off themselves", moments, len(k.imported), k.imported, k.restored)
		})
	}
}

// A killer knows what the stack is like when nobody disturbs it.
type killer struct {
	*work
	journal bool // its journal has what creations note: nothing is ever to be imported
	random  *rand.Rand
	there   map[string][]string      // what the emulator has after each command
	state   map[string]string        // what the state has
	takes   map[string]time.Duration // how long the commands take

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
	if n := k.holds(); n > 0 || len(k.there["destroy"]) > 0 || len(k.there["apply"]) < 35 {
		k.Fatalf("the emulator has %v after an apply, and %v, %d things, after a destroy", k.there["apply"], k.there["destroy"], n)
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
	together := k.random.IntN(2) == 0 // with all that it has started, as when the machine ends
	began := time.Now()
	first := k.kill(after, together, killed)
	k.restore()
	out, err := k.try(next, "-auto-approve", "-no-color", "-input=false")
	for err != nil && next == "apply" && !k.journal && k.take(out) {
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
	k.Logf("moment %d: %s killed after %s of %s (together: %t), then %s: %s in all", i, killed, after, k.takes[killed], together, next, time.Since(began))
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
// of a creation and its record is a moment that an engine alone cannot close; what the
// provider notes in the journal of ours closes it.
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

// holds is how many things the emulator has, whatever they are.
func (k *killer) holds() int {
	k.Helper()
	own := *k.work
	own.engine.path = filepath.Join(bin, "tfserverless")
	var status struct{ Deployed int }
	if err := json.Unmarshal([]byte(own.run("emulator", "status", "-json")), &status); err != nil {
		k.Fatal(err)
	}
	return status.Deployed
}

// inventory is what the emulator has: kinds, names, tags and what else tells a whole
// object from a part of one, without the ids that AWS chooses. In moods a
// list shows the past twice, and so does then what it leads to, and what that does.
func (k *killer) inventory() []string {
	k.Helper()
	looks := 1
	if os.Getenv("MOODS") == "on" {
		looks = 9
	}
	v := &inventory{killer: k, ctx: k.Context(), config: k.emulator()}
	for range looks {
		v.all, v.ids = nil, nil
		v.apis()
		v.functions()
		v.stores()
		v.roles()
	}
	slices.Sort(v.all)
	return v.all
}

// sourceHash is what the name of an event source's policy has of the source's ARN,
// in which the table's stream has a label of its own.
var sourceHash = regexp.MustCompile(`-[0-9a-f]{12}$`)

type inventory struct {
	*killer
	ctx    context.Context //nolint:containedctx // of the one look
	config aws.Config
	all    []string
	ids    []string // what AWS chose, and what it stands for, in pairs
}

func (v *inventory) note(kind, name string, more ...any) {
	text := strings.NewReplacer(v.ids...).Replace(kind + " " + name)
	for _, m := range more {
		text += fmt.Sprint(" ", m) // the keys of maps are sorted
	}
	v.all = append(v.all, text)
}

func (v *inventory) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

func (v *inventory) apis() {
	v.Helper()
	c := apigatewayv2.NewFromConfig(v.config)
	found, err := c.GetApis(v.ctx, &apigatewayv2.GetApisInput{})
	v.must(err)
	for _, a := range found.Items {
		v.ids = append(v.ids, *a.ApiId, *a.Name)
		v.note("API", *a.Name, a.Tags, a.CorsConfiguration != nil)
		stages, err := c.GetStages(v.ctx, &apigatewayv2.GetStagesInput{ApiId: a.ApiId})
		v.must(err)
		for _, s := range stages.Items {
			v.note("stage", *s.StageName, s.Tags, s.AccessLogSettings != nil)
		}
		routes, err := c.GetRoutes(v.ctx, &apigatewayv2.GetRoutesInput{ApiId: a.ApiId})
		v.must(err)
		for _, r := range routes.Items {
			v.note("route", *r.RouteKey, r.Target != nil, r.AuthorizerId != nil)
		}
		integrations, err := c.GetIntegrations(v.ctx, &apigatewayv2.GetIntegrationsInput{ApiId: a.ApiId})
		v.must(err)
		for _, i := range integrations.Items {
			v.note("integration", *i.IntegrationUri)
		}
		authorizers, err := c.GetAuthorizers(v.ctx, &apigatewayv2.GetAuthorizersInput{ApiId: a.ApiId})
		v.must(err)
		for _, z := range authorizers.Items {
			v.note("authorizer", *z.Name)
		}
	}
}

func (v *inventory) functions() {
	v.Helper()
	c := lambda.NewFromConfig(v.config)
	list, err := c.ListFunctions(v.ctx, &lambda.ListFunctionsInput{})
	v.must(err)
	for _, f := range list.Functions {
		tags, err := c.ListTags(v.ctx, &lambda.ListTagsInput{Resource: f.FunctionArn})
		v.must(err)
		v.note("function", *f.FunctionName, tags.Tags, *f.CodeSha256, *f.MemorySize, *f.Timeout, slices.Sorted(maps.Keys(f.Environment.Variables)))
		versions, err := c.ListVersionsByFunction(v.ctx, &lambda.ListVersionsByFunctionInput{FunctionName: f.FunctionName})
		v.must(err)
		for _, n := range versions.Versions {
			v.note("version of", *f.FunctionName, *n.CodeSha256)
		}
		aliases, err := c.ListAliases(v.ctx, &lambda.ListAliasesInput{FunctionName: f.FunctionName})
		v.must(err)
		for _, a := range aliases.Aliases {
			v.note("alias", *f.FunctionName+":"+*a.Name)
			v.permissions(c, *f.FunctionName, a.Name)
		}
		v.permissions(c, *f.FunctionName, nil)
	}
	mappings, err := c.ListEventSourceMappings(v.ctx, &lambda.ListEventSourceMappingsInput{})
	v.must(err)
	for _, m := range mappings.EventSourceMappings {
		tags, err := c.ListTags(v.ctx, &lambda.ListTagsInput{Resource: m.EventSourceMappingArn})
		v.must(err)
		v.note("event source of", (*m.FunctionArn)[strings.LastIndex(*m.FunctionArn, ":")+1:], tags.Tags, *m.BatchSize)
	}
}

// permissions are who may call a function.
func (v *inventory) permissions(c *lambda.Client, function string, qualifier *string) {
	v.Helper()
	out, err := c.GetPolicy(v.ctx, &lambda.GetPolicyInput{FunctionName: &function, Qualifier: qualifier})
	if missing := (*lambdatypes.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return
	}
	v.must(err)
	var policy struct {
		Statement []struct{ Action, Principal, Condition any }
	}
	v.must(json.Unmarshal([]byte(*out.Policy), &policy))
	for _, s := range policy.Statement {
		v.note("permission of", fmt.Sprint(function, " ", aws.ToString(qualifier), " ", s.Action, s.Principal, s.Condition))
	}
}

func (v *inventory) stores() {
	v.Helper()
	tables := dynamodb.NewFromConfig(v.config)
	names, err := tables.ListTables(v.ctx, &dynamodb.ListTablesInput{})
	v.must(err)
	for _, name := range names.TableNames {
		t, err := tables.DescribeTable(v.ctx, &dynamodb.DescribeTableInput{TableName: &name})
		v.must(err)
		tags, err := tables.ListTagsOfResource(v.ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: t.Table.TableArn})
		v.must(err)
		all := map[string]string{}
		for _, tag := range tags.Tags {
			all[*tag.Key] = *tag.Value
		}
		v.note("table", name, all, len(t.Table.GlobalSecondaryIndexes), t.Table.StreamSpecification != nil)
	}
	c := sqs.NewFromConfig(v.config)
	queues, err := c.ListQueues(v.ctx, &sqs.ListQueuesInput{})
	v.must(err)
	for _, url := range queues.QueueUrls {
		tags, err := c.ListQueueTags(v.ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
		v.must(err)
		of, err := c.GetQueueAttributes(v.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"RedrivePolicy", "RedriveAllowPolicy", "VisibilityTimeout", "MessageRetentionPeriod"}})
		v.must(err)
		v.note("queue", filepath.Base(url), tags.Tags, of.Attributes)
	}
}

func (v *inventory) roles() {
	v.Helper()
	machines := sfn.NewFromConfig(v.config)
	list, err := machines.ListStateMachines(v.ctx, &sfn.ListStateMachinesInput{})
	v.must(err)
	for _, m := range list.StateMachines {
		tags, err := machines.ListTagsForResource(v.ctx, &sfn.ListTagsForResourceInput{ResourceArn: m.StateMachineArn})
		v.must(err)
		all := map[string]string{}
		for _, tag := range tags.Tags {
			all[*tag.Key] = *tag.Value
		}
		v.note("state machine", *m.Name, all)
	}
	c := iam.NewFromConfig(v.config)
	roles, err := c.ListRoles(v.ctx, &iam.ListRolesInput{})
	v.must(err)
	for _, r := range roles.Roles {
		tags, err := c.ListRoleTags(v.ctx, &iam.ListRoleTagsInput{RoleName: r.RoleName})
		v.must(err)
		all := map[string]string{}
		for _, tag := range tags.Tags {
			all[*tag.Key] = *tag.Value
		}
		inline, err := c.ListRolePolicies(v.ctx, &iam.ListRolePoliciesInput{RoleName: r.RoleName})
		v.must(err)
		attached, err := c.ListAttachedRolePolicies(v.ctx, &iam.ListAttachedRolePoliciesInput{RoleName: r.RoleName})
		v.must(err)
		for i, name := range inline.PolicyNames {
			inline.PolicyNames[i] = sourceHash.ReplaceAllString(name, "")
		}
		v.note("role", *r.RoleName, all, inline.PolicyNames, len(attached.AttachedPolicies))
	}
	logs := cloudwatchlogs.NewFromConfig(v.config)
	groups, err := logs.DescribeLogGroups(v.ctx, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(50)})
	v.must(err)
	for _, g := range groups.LogGroups {
		v.note("log group", *g.LogGroupName, aws.ToInt32(g.RetentionInDays))
	}
}
