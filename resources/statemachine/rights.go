package statemachine

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
)

// scope adds what the states of a scope need, and those within them.
func (n *needs) scope(s *asl.Scope) {
	for _, name := range s.Names {
		st := s.States[name]
		for _, b := range st.Branches {
			n.scope(b)
		}
		if st.Map != nil {
			n.mapping(st)
		}
		if st.Task != nil {
			n.task(st)
		}
	}
}

// mapping adds what a Map state needs.
func (n *needs) mapping(s *asl.State) {
	m := s.Map
	n.scope(m.Processor)
	if m.Distributed { // its items are executions of the machine itself
		n.allow(n.place.arn("states", "stateMachine:"+n.place.machine), "states:StartExecution")
		n.allow(n.place.arn("states", "execution:"+n.place.machine+":*"), "states:DescribeExecution", "states:StopExecution")
		n.allow(n.place.arn("states", "execution:"+n.place.machine+"/*"), "states:DescribeExecution", "states:RedriveExecution", "states:StopExecution")
	}
	if m.Reader != nil {
		c := call{n, s, "ItemReader", m.Reader.Arguments}
		c.sdk("s3", m.Reader.Resource.Action)
		if m.Reader.InputType == "MANIFEST" || m.Reader.Transform == "LOAD_AND_FLATTEN" { // reads the objects that are listed, too
			c.bucket("", "s3:GetObject")
		}
	}
	if m.Writer != nil && m.Writer.Arguments != nil {
		c := call{n, s, "ResultWriter", m.Writer.Arguments}
		c.bucket("/", "s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject")
	}
}

// task adds what a Task state needs. One with credentials works as another role,
// whose rights are its own affair.
func (n *needs) task(s *asl.State) {
	args := s.Parameters
	if s.Language == expr.JSONata {
		args = s.Arguments
	}
	r := s.Task.Resource
	if s.Task.Credentials != nil {
		c := call{n, s, "Credentials", s.Task.Credentials}
		if arn, ok := c.needed("RoleArn"); ok {
			n.allow(arn, "sts:AssumeRole")
		}
		return
	}
	c := call{n, s, r.Service + ":" + r.Action, args}
	sdk, isSDK := strings.CutPrefix(r.Service, "aws-sdk:")
	switch {
	case r.Kind == asl.Function:
		n.allow(r.ARN, "lambda:InvokeFunction")
	case r.Kind == asl.Activity: // its workers come and fetch
	case isSDK:
		c.what = "aws-sdk:" + sdk + ":" + r.Action
		c.sdk(sdk, r.Action)
	default:
		c.integration(r)
	}
}

// A call is what one state does, as far as rights go.
type call struct {
	*needs
	state *asl.State
	what  string // in messages, such as "lambda:invoke"
	args  *expr.Template
}

func (c call) cannot(why string) {
	c.lacks(fmt.Sprintf("state %q (%s): %s", c.state.Name, c.what, why))
}

// The ways in which an argument is there.
type given byte

const (
	absent given = iota
	fixed
	computed
)

// argument is an argument that is a string.
func argument(args *expr.Template, name string) (string, given) {
	if args == nil {
		return "", absent
	}
	if args.Expr() != nil {
		return "", computed
	}
	t := args.Member(name)
	if t == nil {
		return "", absent
	}
	if v, ok := t.Constant(); ok {
		if s, ok := v.(string); ok {
			return s, fixed
		}
	}
	return "", computed
}

// values are those of an argument that is a string or a list of strings.
func values(args *expr.Template, name string) ([]string, given) {
	v, how := argument(args, name)
	list := member(args, name)
	switch {
	case how == fixed:
		return []string{v}, fixed
	case list == nil || len(list.Items()) == 0:
		return nil, how
	}
	var all []string
	for _, item := range list.Items() {
		v, ok := item.Constant()
		s, text := v.(string)
		if !ok || !text {
			return nil, computed
		}
		all = append(all, s)
	}
	return all, fixed
}

// needed is an argument that the rights depend on; without a fixed value they
// cannot be told.
func (c call) needed(name string) (string, bool) {
	v, how := argument(c.args, name)
	switch how {
	case computed:
		c.cannot(name + " is computed")
	case absent:
		c.cannot(name + " is not given")
	}
	return v, how == fixed
}

// integration adds what an optimized integration needs.
func (c call) integration(r asl.Resource) {
	what := r.Service + ":" + r.Action
	switch what {
	case "states:startExecution":
		c.startExecution(r.Pattern)
	case "apigateway:invoke":
		c.invokeAPI()
	case "http:invoke":
		c.invokeHTTP()
	case "eks:call": // the cluster's own rights count
	case "lambda:invoke", "dynamodb:getItem", "dynamodb:putItem", "dynamodb:updateItem", "dynamodb:deleteItem", "sqs:sendMessage", "sns:publish", "events:putEvents":
		c.sdk(r.Service, r.Action)
	default:
		own, listed := rights[what]
		if !listed {
			own.call = []string{r.Service + ":" + pascal(r.Action)}
		}
		c.allow("*", own.call...)
		if r.Pattern == asl.Sync {
			c.allow("*", own.sync...)
			c.managedRule()
		}
		if own.passes {
			c.cannot("the roles that it hands on need iam:PassRole")
		}
	}
}

// managedRule allows Step Functions to make the rule by which it learns that a job
// has ended.
func (c call) managedRule() {
	c.allow(c.place.arn("events", "rule/StepFunctionsGetEvent*"), "events:DescribeRule", "events:PutRule", "events:PutTargets")
}

func (c call) startExecution(p asl.Pattern) {
	arn, ok := c.needed("StateMachineArn")
	if !ok {
		return
	}
	c.allow(arn, "states:StartExecution")
	if p != asl.Sync && p != asl.Sync2 {
		return
	}
	at := strings.SplitN(arn, ":", 8) // the seventh is the machine's name; a version or an alias may follow
	if len(at) < 7 {
		return
	}
	c.allow(strings.Join(append(at[:5:5], "execution", at[6], "*"), ":"), "states:DescribeExecution", "states:StopExecution")
	c.managedRule()
}

// invokeAPI allows a signed call of an API; others need no right.
func (c call) invokeAPI() {
	if auth, how := argument(c.args, "AuthType"); how == absent || how == fixed && auth == "NO_AUTH" {
		return
	}
	endpoint, ok := c.needed("ApiEndpoint")
	if !ok {
		return
	}
	id, _, _ := strings.Cut(endpoint, ".")
	resource := id
	for _, name := range []string{"Stage", "Method", "Path"} {
		v, how := argument(c.args, name)
		if how != fixed {
			v = "*"
		}
		resource += "/" + strings.Trim(v, "/")
	}
	c.allow(c.place.arn("execute-api", resource), "execute-api:Invoke")
}

// invokeHTTP allows a call to a server by a connection of EventBridge, whose secret
// has the credentials.
func (c call) invokeHTTP() {
	condition := map[string]map[string][]string{}
	for _, of := range [][3]string{{"Method", "StringEquals", "states:HTTPMethod"}, {"ApiEndpoint", "StringLike", "states:HTTPEndpoint"}} {
		if v, how := argument(c.args, of[0]); how == fixed {
			condition[of[1]] = map[string][]string{of[2]: {v}}
		}
	}
	s := parts.Allow([]string{"states:InvokeHTTPEndpoint"}, []string{c.place.arn("states", "stateMachine:"+c.place.machine)})
	s.Condition = condition
	c.statements = append(c.statements, s)
	inner := c
	if inner.args = member(c.args, "Authentication"); inner.args == nil {
		inner.args = member(c.args, "InvocationConfig")
	}
	if arn, ok := inner.needed("ConnectionArn"); ok {
		c.allow(arn, "events:RetrieveConnectionCredentials")
		c.allow("arn:"+c.place.partition+":secretsmanager:*:*:secret:events!connection/*", "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
	}
}

// sdk adds what a call of an operation of the SDK needs.
func (c call) sdk(service, action string) {
	prefix := service
	if p, other := prefixes[service]; other {
		prefix = p
	}
	actions := []string{prefix + ":" + pascal(action)}
	if special, ok := actionsOf[prefix+":"+action]; ok {
		actions = special
	}
	switch prefix {
	case "apigateway": // its rights are methods and paths
		c.cannot("the rights of API Gateway's own operations are named by methods and paths")
	case "s3":
		c.s3(action, actions)
	case "events":
		c.events(action, actions)
	case "dynamodb":
		c.tables(action, actions)
	default:
		c.resource(prefix, action, actions)
	}
}

// anything tells that the call works on whatever its state's input names, because it
// has no arguments of its own.
func (c call) anything(action string) bool {
	if c.args != nil || strings.HasPrefix(action, "list") {
		return false
	}
	c.cannot("its arguments are the state's input")
	return true
}

// resource allows actions on what an argument names; on everything where none does.
func (c call) resource(prefix, action string, actions []string) {
	for _, p := range named[prefix] {
		if p.only != "" && !strings.Contains(action, p.only) {
			continue
		}
		if c.anything(action) {
			return
		}
		all, how := values(c.args, p.argument)
		if how == computed {
			c.cannot(p.argument + " is computed")
		}
		for _, v := range all {
			if arn := p.arn(c, v); arn != "" {
				c.allow(arn, actions...)
			} else {
				c.cannot(fmt.Sprintf("%s is %q, which does not tell an ARN", p.argument, v))
			}
		}
		if how != absent {
			return
		}
	}
	c.allow("*", actions...)
}

// tables allows actions on all tables that stand anywhere in the arguments.
func (c call) tables(action string, actions []string) {
	if c.args != nil && c.args.Expr() != nil {
		c.cannot("its arguments are computed")
		return
	}
	if c.anything(action) {
		return
	}
	names, known := texts(c.args, "TableName")
	if items := member(c.args, "RequestItems"); items != nil {
		known = known && items.Expr() == nil
		names = append(names, items.Keys()...)
	}
	if !known {
		c.cannot("TableName is computed")
	}
	for _, name := range names {
		arn := name
		if !strings.HasPrefix(name, "arn:") {
			arn = c.place.arn("dynamodb", "table/"+name)
		}
		c.allow(arn, actions...)
		if action == "query" || action == "scan" {
			c.allow(arn+"/index/*", actions...)
		}
	}
	switch {
	case len(names) > 0 || !known:
	case slices.Equal(actions, partiQL):
		c.cannot("its statements name the tables")
	default:
		c.allow("*", actions...)
	}
}

// events allows to put events on the buses that the entries name.
func (c call) events(action string, actions []string) {
	if action != "putEvents" {
		c.allow("*", actions...)
		return
	}
	entries := member(c.args, "Entries")
	if entries == nil || entries.Expr() != nil {
		c.cannot("Entries is computed")
		return
	}
	for _, e := range entries.Items() {
		bus, how := argument(e, "EventBusName")
		if how == computed {
			c.cannot("EventBusName is computed")
			continue
		}
		if how == absent {
			bus = "default"
		}
		if !strings.HasPrefix(bus, "arn:") {
			bus = c.place.arn("events", "event-bus/"+bus)
		}
		c.allow(bus, actions...)
	}
}

// s3 allows actions on a bucket, or on an object of it.
func (c call) s3(action string, actions []string) {
	if slices.Contains([]string{"s3:ListAllMyBuckets"}, actions[0]) {
		c.allow("*", actions...)
		return
	}
	bucket, ok := c.needed("Bucket")
	if !ok {
		return
	}
	arn := "arn:" + c.place.partition + ":s3:::" + bucket
	key, how := argument(c.args, "Key")
	switch {
	case how == fixed:
		arn += "/" + key
	case how == computed || action == "deleteObjects":
		arn += "/*"
	}
	if _, how := argument(c.args, "VersionId"); how != absent {
		actions = versioned(actions)
	}
	c.allow(arn, actions...)
	if action == "copyObject" {
		c.source()
	}
}

// source allows to read what is copied, BUCKET/KEY with a version perhaps.
func (c call) source() {
	from, ok := c.needed("CopySource")
	if !ok {
		return
	}
	from, _, version := strings.Cut(strings.TrimPrefix(from, "/"), "?versionId=")
	from, err := url.PathUnescape(from)
	if err != nil || !strings.Contains(from, "/") || strings.HasPrefix(from, "arn:") {
		c.cannot("CopySource does not tell a bucket and a key")
		return
	}
	actions := []string{"s3:GetObject"}
	if version {
		actions = versioned(actions)
	}
	c.allow("arn:"+c.place.partition+":s3:::"+from, actions...)
}

// versioned are the actions on a version of an object where it has rights of its own.
func versioned(actions []string) []string {
	var all []string
	for _, a := range actions {
		if own := []string{"s3:DeleteObject", "s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectAttributes", "s3:GetObjectTagging"}; slices.Contains(own, a) {
			a = strings.Replace(a, "Object", "ObjectVersion", 1)
		}
		all = append(all, a)
	}
	return all
}

// bucket allows actions on the objects of a bucket whose keys begin with the prefix
// and what follows it.
func (c call) bucket(after string, actions ...string) {
	bucket, ok := c.needed("Bucket")
	if !ok {
		return
	}
	prefix, how := argument(c.args, "Prefix")
	if how == fixed && prefix != "" {
		bucket += "/" + strings.TrimSuffix(prefix, after) + after + "*"
	} else {
		bucket += "/*"
	}
	c.allow("arn:"+c.place.partition+":s3:::"+bucket, actions...)
}

func member(t *expr.Template, name string) *expr.Template {
	if t == nil {
		return nil
	}
	return t.Member(name)
}

// texts are all strings of that name within a template, and whether all of them
// are fixed.
func texts(t *expr.Template, name string) (all []string, known bool) {
	if t == nil {
		return nil, true
	}
	known = true
	if v, how := argument(t, name); t.Expr() == nil && how == fixed {
		all = append(all, v)
	} else if t.Expr() == nil && how == computed {
		known = false
	}
	inner := t.Items()
	for _, key := range t.Keys() {
		inner = append(inner, t.Member(key))
	}
	for _, i := range inner {
		more, fixed := texts(i, name)
		all, known = append(all, more...), known && fixed
	}
	return all, known
}

func pascal(action string) string { return strings.ToUpper(action[:1]) + action[1:] }
