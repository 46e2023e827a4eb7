package logs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

func newService(t testing.TB) (*Service, *clock.Fake, context.Context) {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	s, err := New(&env.Env{Clock: c, Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s, c, env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
}

// errorOf is the code and the message of an AWS error, or "".
func errorOf(err error) string {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

func TestAppend(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t)
	if err := s.Append(ctx, "/aws/lambda/f", "2026/01/02/[$LATEST]abc", c.Now(), always, "START\n", "END\n"); err != nil {
		t.Fatal(err)
	}
	out, err := s.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: ptr("/aws/lambda/f"), LogStreamName: ptr("2026/01/02/[$LATEST]abc")})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Events) != 2 || *out.Events[0].Message != "START\n" || *out.Events[1].Message != "END\n" {
		t.Errorf("got %d events, want START and END", len(out.Events))
	}
}

// always lets whoever logs make the group.
func always() bool { return true }

// TestMayMake demands that lines reach a group that is there, and make only what they
// may make.
func TestMayMake(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t)
	must(s.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: ptr("kept")}))(t)
	asked := 0
	never := func() bool { asked++; return false }
	for _, g := range []string{"kept", "gone"} {
		for _, mayMake := range []func() bool{nil, never} {
			if err := s.Append(ctx, g, "s", c.Now(), mayMake, "one", "two"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if out := must(s.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: ptr("kept")}))(t); len(out.Events) != 4 {
		t.Errorf("the group that is there has %d events, want 4", len(out.Events))
	}
	if out := must(s.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{}))(t); len(out.LogGroups) != 1 {
		t.Errorf("there are %d groups, want 1", len(out.LogGroups))
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once, for the lines of the group that is missing", asked)
	}
}

// TestDeletedMeanwhile demands that lines on their way to a group which is deleted
// before they are written bring nothing back, even if they might have made it.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	must(s.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: ptr("g")}))(t)
	lines := must(s.kept([]line{{scope: env.ScopeOf(ctx), group: "g", stream: "s", text: "bye", mayMake: always}}))(t)
	must(s.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: ptr("g")}))(t)
	if err := s.write(lines); err != nil {
		t.Fatal(err)
	}
	if n := s.env.Store.Len(); n != 0 {
		t.Errorf("the service holds %d things, want 0", n)
	}
}

// must returns an operation's output, or ends the test.
func must[Out any](out Out, err error) func(*testing.T) Out {
	return func(t *testing.T) Out {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }

var g, st = ptr("g"), ptr("s")

// newStream returns a service with the log group g and the stream s.
func newStream(t *testing.T) (*Service, *clock.Fake, context.Context) {
	t.Helper()
	s, c, ctx := newService(t)
	must(s.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: g}))(t)
	must(s.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: g, LogStreamName: st}))(t)
	return s, c, ctx
}

// write puts events one second apart, the last of them now.
func write(ctx context.Context, t *testing.T, s *Service, messages ...string) {
	t.Helper()
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: g, LogStreamName: st}
	for i, m := range messages {
		in.LogEvents = append(in.LogEvents, types.InputLogEvent{Message: &m, Timestamp: ptr(s.now() - int64(len(messages)-1-i)*1000)})
	}
	must(s.PutLogEvents(ctx, in))(t)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	s, _, ctx := newStream(t)
	none := ptr("none")
	at := func(hours int) types.InputLogEvent {
		return types.InputLogEvent{Message: none, Timestamp: ptr(s.now() + int64(hours)*3600000)}
	}
	put := func(events ...types.InputLogEvent) error {
		return second(s.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: g, LogStreamName: st, LogEvents: events}))
	}
	filter := func(p string) error {
		return second(s.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, FilterPattern: &p}))
	}
	const noGroup, noStream = "ResourceNotFoundException: The specified log group does not exist.", "ResourceNotFoundException: The specified log stream does not exist."
	const invalid = "InvalidParameterException: "
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"group again":    {second(s.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: g})), "ResourceAlreadyExistsException: The specified log group already exists"},
		"stream again":   {second(s.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: g, LogStreamName: st})), "ResourceAlreadyExistsException: The specified log stream already exists"},
		"stream name":    {second(s.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: g, LogStreamName: ptr("a:b")})), invalid + "1 validation error detected: Value 'a:b' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*"},
		"group name":     {second(s.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: ptr("a b")})), invalid + `1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`},
		"class":          {second(s.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: ptr("x"), LogGroupClass: "DELIVERY"})), invalid + "LogGroupClass DELIVERY is not emulated; STANDARD is"},
		"no group":       {second(s.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: none})), noGroup},
		"no name":        {second(s.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{})), noGroup},
		"stream of none": {second(s.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: none, LogStreamName: st})), noGroup},
		"no stream":      {second(s.DeleteLogStream(ctx, &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: g, LogStreamName: none})), noStream},
		"read none":      {second(s.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogStreamName: none})), noStream},
		"filter none":    {second(s.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, LogStreamNames: []string{"none"}})), noStream},
		"tags of none":   {second(s.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: none})), noGroup},
		"neither":        {second(s.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{})), "ValidationException: At least one of logGroupName or logGroupIdentifier must be specified."},
		"by time":        {second(s.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: g, OrderBy: "LastEventTime", LogStreamNamePrefix: st})), invalid + "Cannot order by LastEventTime with a logStreamNamePrefix."},
		"no events":      {put(), invalid + "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		"order":          {put(at(0), at(-1)), invalid + "Log events in a single PutLogEvents request must be in chronological order."},
		"span":           {put(at(-25), at(0)), invalid + "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."},
		"large":          {put(types.InputLogEvent{Message: ptr(strings.Repeat("x", maxBatch)), Timestamp: ptr(s.now())}), invalid + "Upload too large: 1048602 bytes exceeds limit of 1048576"},
		"JSON":           {filter(`{ $.a = 1 }`), invalid + `FilterPattern "{ $.a = 1 }" is not emulated: JSON patterns are not; terms are`},
		"columns":        {filter(`[a, b]`), invalid + `FilterPattern "[a, b]" is not emulated: patterns of columns are not; terms are`},
		"regexp":         {filter(`%a.b%`), invalid + `FilterPattern "%a.b%" is not emulated: regular expressions are not; terms are`},
		"characters":     {filter(`a:b`), invalid + `Invalid character(s) in term 'a:b'`},
		"quote":          {filter(`"a`), invalid + "Invalid filter pattern"},
		"retention":      {second(s.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: ptr(int32(2))})), invalid + "1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]"},
	} {
		if got := errorOf(row.err); got != row.want {
			t.Errorf("%s: got  %s\nwant %s", name, got, row.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	s, c, ctx := newStream(t)
	now := c.Now().UnixMilli()
	write(ctx, t, s, "one", "two")
	must(s.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: ptr(int32(7))}))(t)
	const arn = "arn:aws:logs:eu-north-1:000000000000:log-group:g"
	want := types.LogGroup{
		Arn: ptr(arn + ":*"), CreationTime: &now, DeletionProtectionEnabled: ptr(false), LogGroupArn: ptr(arn), LogGroupClass: "STANDARD",
		LogGroupName: g, MetricFilterCount: ptr(int32(0)), RetentionInDays: ptr(int32(7)), StoredBytes: ptr(int64(2*26 + 6)),
	}
	groups := must(s.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupIdentifiers: []string{arn + ":*"}}))(t).LogGroups
	if diff := cmp.Diff([]types.LogGroup{want}, groups, cmpopts.IgnoreUnexported(types.LogGroup{})); diff != "" {
		t.Errorf("the group (-want +got)\n%s", diff)
	}
	streams := must(s.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: g}))(t).LogStreams
	if got := streams[0]; *got.FirstEventTimestamp != now-1000 || *got.LastEventTimestamp != now || *got.LastIngestionTime != now {
		t.Errorf("got first %d, last %d, ingested %d", *got.FirstEventTimestamp, *got.LastEventTimestamp, *got.LastIngestionTime)
	}
	// Another region has none of it.
	elsewhere := env.WithScope(ctx, env.Scope{Account: "000000000000", Region: "eu-west-1"})
	if n := len(must(s.DescribeLogGroups(elsewhere, &cloudwatchlogs.DescribeLogGroupsInput{}))(t).LogGroups); n != 0 {
		t.Errorf("got %d groups in another region", n)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s, _, ctx := newService(t)
	for _, name := range []string{"c", "a", "b"} {
		must(s.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}))(t)
		must(s.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: ptr("c"), LogStreamName: &name}))(t)
	}
	groups, streams := "", ""
	var groupToken, streamToken *string
	for range 3 {
		out := must(s.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{Limit: ptr(int32(1)), NextToken: groupToken}))(t)
		groups, groupToken = groups+*out.LogGroups[0].LogGroupName, out.NextToken
		in := &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: ptr("c"), Limit: ptr(int32(1)), Descending: ptr(true), NextToken: streamToken}
		more := must(s.DescribeLogStreams(ctx, in))(t)
		streams, streamToken = streams+*more.LogStreams[0].LogStreamName, more.NextToken
	}
	if groups != "abc" || groupToken != nil || streams != "cba" || streamToken != nil {
		t.Errorf("got %s, %v, %s, %v; want abc and cba, and no more", groups, groupToken, streams, streamToken)
	}
}

func TestReading(t *testing.T) {
	t.Parallel()
	s, _, ctx := newStream(t)
	write(ctx, t, s, "1", "2", "3", "4", "5")
	read := func(token *string, head bool) (string, *cloudwatchlogs.GetLogEventsOutput) {
		t.Helper()
		out := must(s.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupIdentifier: g, LogStreamName: st, Limit: ptr(int32(2)), NextToken: token, StartFromHead: &head}))(t)
		got := ""
		for _, e := range out.Events {
			got += *e.Message
		}
		return got, out
	}
	all := ""
	got, out := read(nil, true)
	for range 4 {
		all += got + "|"
		got, out = read(out.NextForwardToken, true)
	}
	if want := "12|34|5||"; all != want {
		t.Errorf("forward: got %s, want %s", all, want)
	}
	end := out.NextForwardToken
	if _, again := read(end, true); *again.NextForwardToken != *end {
		t.Errorf("at the end: got %s, want the same token %s", *again.NextForwardToken, *end)
	}
	all = ""
	got, out = read(nil, false)
	for range 4 {
		all += got + "|"
		got, out = read(out.NextBackwardToken, false)
	}
	if want := "45|23|1||"; all != want {
		t.Errorf("backward: got %s, want %s", all, want)
	}
	span := must(s.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogStreamName: st, StartTime: ptr(s.now() - 3000), EndTime: ptr(s.now() - 1000)}))(t)
	if n := len(span.Events); n != 2 || *span.Events[0].Message != "2" {
		t.Errorf("a span of time: got %d events, want 2 and 3", n)
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	s, c, ctx := newStream(t)
	write(ctx, t, s, "ERROR one", "WARN two", `say "hi"`, "ERROR debug")
	if err := s.Append(ctx, "g", "other", c.Now().Add(-1500*time.Millisecond), always, "between"); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{
		"":              `ERROR one|WARN two|between|say "hi"|ERROR debug`,
		"ERROR":         "ERROR one|ERROR debug",
		"ERROR -debug":  "ERROR one",
		"?ERROR ?WARN":  "ERROR one|WARN two|ERROR debug",
		`"ERROR one"`:   "ERROR one",
		`"\"hi\""`:      `say "hi"`,
		"ERROR two":     "",
		"-ERROR ?debug": `WARN two|between|say "hi"`,
	} {
		var got []string
		var token *string
		for range 5 {
			out := must(s.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g, FilterPattern: &pattern, Limit: ptr(int32(2)), NextToken: token}))(t)
			for _, e := range out.Events {
				got = append(got, *e.Message)
			}
			if token = out.NextToken; token == nil {
				break
			}
		}
		if text := strings.Join(got, "|"); text != want || token != nil {
			t.Errorf("%s: got %s, want %s", pattern, text, want)
		}
	}
	for _, in := range []*cloudwatchlogs.FilterLogEventsInput{
		{LogGroupName: g, LogStreamNames: []string{"other"}},
		{LogGroupName: g, LogStreamNamePrefix: ptr("ot")},
	} {
		if out := must(s.FilterLogEvents(ctx, in))(t); len(out.Events) != 1 || *out.Events[0].LogStreamName != "other" {
			t.Errorf("got %v, want the event of the other stream", out.Events)
		}
	}
}

func TestRejected(t *testing.T) {
	t.Parallel()
	s, _, ctx := newStream(t)
	at := func(d time.Duration) types.InputLogEvent {
		return types.InputLogEvent{Message: ptr(d.String()), Timestamp: ptr(s.now() + d.Milliseconds())}
	}
	day := 24 * time.Hour
	out := must(s.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: g, LogStreamName: st, LogEvents: []types.InputLogEvent{at(0), at(2 * time.Hour), at(2*time.Hour + time.Second)}}))(t)
	if r := out.RejectedLogEventsInfo; r == nil || *r.TooNewLogEventStartIndex != 2 || r.TooOldLogEventEndIndex != nil {
		t.Errorf("too new: got %+v", r)
	}
	out = must(s.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: g, LogStreamName: st, LogEvents: []types.InputLogEvent{at(-14*day - time.Hour), at(-14 * day)}}))(t)
	if r := out.RejectedLogEventsInfo; r == nil || *r.TooOldLogEventEndIndex != 1 {
		t.Errorf("too old: got %+v", r)
	}
	must(s.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: ptr(int32(1))}))(t)
	out = must(s.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: g, LogStreamName: st, LogEvents: []types.InputLogEvent{at(-day - time.Hour), at(-day + time.Hour)}}))(t)
	if r := out.RejectedLogEventsInfo; r == nil || *r.ExpiredLogEventEndIndex != 1 {
		t.Errorf("expired: got %+v", r)
	}
	read := must(s.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: g, LogStreamName: st}))(t)
	if n := len(read.Events); n != 3 {
		t.Errorf("got %d events, want those at 0, 2h and -23h", n)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	s, c, ctx := newStream(t)
	write(ctx, t, s, "old")
	must(s.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: ptr(int32(1))}))(t)
	events := func() int {
		return len(must(s.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: g}))(t).Events)
	}
	if n := events(); n != 1 {
		t.Errorf("at once: got %d events", n)
	}
	c.Advance(24*time.Hour + time.Second)
	if n := events(); n != 0 {
		t.Errorf("a day later: got %d events", n)
	}
	write(ctx, t, s, "new")
	group := must(s.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{}))(t).LogGroups[0]
	if *group.StoredBytes != 26+3 {
		t.Errorf("got %d bytes stored, want those of the new event", *group.StoredBytes)
	}
	must(s.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: g}))(t)
	if n := events(); n != 1 {
		t.Errorf("without a policy: got %d events; the old one is gone for good", n)
	}
}

// TestRetentionOfLateLines: a line that is older than those before it ends in its time.
func TestRetentionOfLateLines(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t)
	late := func(by time.Duration, line string) {
		t.Helper()
		if err := s.Append(ctx, *g, "s", c.Now().Add(-by), always, line); err != nil {
			t.Fatal(err)
		}
		s.Flush()
	}
	late(0, "first")
	must(s.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: g, RetentionInDays: ptr(int32(1))}))(t)
	late(time.Hour, "older")
	stored := func() int64 {
		return *must(s.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{}))(t).LogGroups[0].StoredBytes
	}
	if got, want := stored(), int64(2*overhead+len("firstolder")); got != want {
		t.Errorf("at once: got %d bytes, want %d", got, want)
	}
	c.Advance(23*time.Hour + 30*time.Minute)
	late(0, "new")
	if got, want := stored(), int64(2*overhead+len("firstnew")); got != want {
		t.Errorf("when the older one has expired: got %d bytes, want %d", got, want)
	}
	c.Advance(time.Hour)
	late(0, "last")
	if got, want := stored(), int64(2*overhead+len("newlast")); got != want {
		t.Errorf("when the first one has, too: got %d bytes, want %d", got, want)
	}
}

func TestDeletion(t *testing.T) {
	t.Parallel()
	s, _, ctx := newStream(t)
	write(ctx, t, s, "x")
	must(s.PutLogGroupDeletionProtection(ctx, &cloudwatchlogs.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: g, DeletionProtectionEnabled: ptr(true)}))(t)
	if err := second(s.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: g})); !strings.HasPrefix(errorOf(err), "ValidationException: ") {
		t.Errorf("a protected group: got %v", err)
	}
	must(s.PutLogGroupDeletionProtection(ctx, &cloudwatchlogs.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: g, DeletionProtectionEnabled: ptr(false)}))(t)
	must(s.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: g}))(t)
	left := 0
	_ = s.env.Store.View(func(tx *store.Tx) error { // the function below never fails
		for range s.streams.From(tx, "") {
			left++
		}
		for range s.events.From(tx, "") {
			left++
		}
		return nil
	})
	if left != 0 {
		t.Errorf("got %d streams and events left", left)
	}
}

func TestAppendedLinesAreStored(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t)
	if err := s.Append(ctx, "a b", "s", c.Now(), always, "x"); err == nil {
		t.Error("a bad group name was taken")
	}
	if err := s.Append(ctx, "g", "a:b", c.Now(), always, "x"); err == nil {
		t.Error("a bad stream name was taken")
	}
	if err := s.Append(ctx, "g", "s", c.Now(), always, "x"); err != nil {
		t.Fatal(err)
	}
	c.Advance(flushAfter)
	stored := 0
	_ = s.env.Store.View(func(tx *store.Tx) error { // the function below never fails
		for range s.events.From(tx, "") {
			stored++
		}
		return nil
	})
	if stored != 1 {
		t.Errorf("got %d events stored once the time had come, want 1", stored)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`ERROR "a b" -x ?y`, "ERROR")
	f.Add(`"\`, "")
	f.Fuzz(func(_ *testing.T, pattern, message string) {
		if p, err := parsePattern(pattern); err == nil {
			p.matches(message)
		}
	})
}
