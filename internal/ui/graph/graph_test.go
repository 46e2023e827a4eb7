package graph

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

var update = flag.Bool("update", false, "write the golden files")

func parse(t testing.TB, definition string) *asl.Machine {
	t.Helper()
	m, found := asl.Parse(definition, asl.Standard)
	if m == nil {
		t.Fatal(found)
	}
	return m
}

// shop is a machine with all that is drawn in a way of its own.
const shop = `{"StartAt":"Check","States":{
	"Check":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":0,"Next":"Nothing"},{"Variable":"$.n","NumericLessThan":10,"Next":"Pay"}],"Default":"Ask"},
	"Nothing":{"Type":"Succeed"},
	"Ask":{"Type":"Task","Resource":"arn:aws:states:eu-north-1:1:activity:ask","Next":"Pay","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Refused"}]},
	"Pay":{"Type":"Task","Resource":"arn:aws:lambda:eu-north-1:1:function:pay","Next":"Both","Catch":[{"ErrorEquals":["Later"],"Next":"Sleep"},{"ErrorEquals":["States.ALL"],"Next":"Refused"}]},
	"Sleep":{"Type":"Wait","Seconds":5,"Next":"Pay"},
	"Both":{"Type":"Parallel","Next":"Done","Branches":[
		{"StartAt":"Mail <a&b>","States":{"Mail <a&b>":{"Type":"Pass","End":true}}},
		{"StartAt":"Each","States":{"Each":{"Type":"Map","ItemProcessor":{"StartAt":"Pack","States":{"Pack":{"Type":"Pass","Next":"Send"},"Send":{"Type":"Pass","End":true}}},"End":true}}}]},
	"Refused":{"Type":"Fail","Error":"Refused"},
	"Done":{"Type":"Succeed"}}}`

// paid is an execution of shop that was tried twice and then went through.
var paid = []Event{
	{1, 0, "ExecutionStarted", ""}, {2, 0, "ChoiceStateEntered", "Check"}, {3, 2, "ChoiceStateExited", "Check"},
	{4, 3, "TaskStateEntered", "Pay"}, {5, 4, "LambdaFunctionScheduled", ""}, {6, 5, "LambdaFunctionStarted", ""}, {7, 6, "LambdaFunctionFailed", ""}, {8, 7, "TaskStateExited", "Pay"},
	{9, 8, "WaitStateEntered", "Sleep"}, {10, 9, "WaitStateExited", "Sleep"},
	{11, 10, "TaskStateEntered", "Pay"}, {12, 11, "LambdaFunctionScheduled", ""}, {13, 12, "LambdaFunctionStarted", ""}, {14, 13, "LambdaFunctionSucceeded", ""}, {15, 14, "TaskStateExited", "Pay"},
	{16, 15, "ParallelStateEntered", "Both"}, {17, 16, "ParallelStateStarted", ""}, {18, 17, "PassStateEntered", "Mail <a&b>"}, {19, 18, "PassStateExited", "Mail <a&b>"},
	{20, 17, "MapStateEntered", "Each"}, {21, 20, "MapStateStarted", ""}, {22, 21, "MapIterationStarted", ""}, {23, 22, "PassStateEntered", "Pack"}, {24, 23, "PassStateExited", "Pack"}, {25, 24, "PassStateEntered", "Send"},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	m := parse(t, shop)
	g, steps := Of(m), Follow(m, paid)
	for name, got := range map[string]string{"shop.txt": g.Text(nil), "shop.svg": g.SVG(nil), "paid.txt": g.Text(steps), "paid.svg": g.SVG(steps)} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	if again := Of(parse(t, shop)).SVG(steps); again != g.SVG(steps) {
		t.Error("the same definition gives another picture the next time")
	}
}

// TestNames: boxes close around names whose letters take two columns or none, and
// nothing of a name reaches the terminal but what can be seen.
func TestNames(t *testing.T) {
	t.Parallel()
	m := parse(t, `{"StartAt":"日本語","States":{"日本語":{"Type":"Pass","Next":"e\u0301🚀"},"e\u0301🚀":{"Type":"Pass","Next":"a\n\u001b[2Jb"},"a\n\u001b[2Jb":{"Type":"Succeed"}}}`)
	g := Of(m)
	got := g.Text(map[string]Step{"日本語": {Succeeded, 1}})
	want := strings.Join([]string{
		"┌──────────┐",
		"│ ✓ 日本語 │",
		"└──────────┘",
		"      │",
		"      ▼",
		"  ┌───────┐",
		"  │   e\u0301🚀 │",
		"  └───────┘",
		"      │",
		"      ▼",
		"┌───────────┐",
		"│   a\ufffd\ufffd[2Jb │",
		"└───────────┘",
		"",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFollow: a line for each state that was entered.
func TestFollow(t *testing.T) {
	t.Parallel()
	m := parse(t, shop)
	failed := append(append([]Event{}, paid...), Event{26, 25, "MapIterationFailed", ""}, Event{27, 26, "MapStateFailed", ""}, Event{28, 27, "ParallelStateFailed", ""}, Event{29, 28, "ExecutionFailed", ""})
	for _, row := range []struct {
		name   string
		events []Event
		want   string
	}{
		{"nothing", nil, ""},
		{"under way", paid, "Both running 1, Check succeeded 1, Each running 1, Mail <a&b> succeeded 1, Pack succeeded 1, Pay succeeded 2, Send running 1, Sleep succeeded 1"},
		{"caught", paid[:8], "Check succeeded 1, Pay caught 1"},
		{"failing", paid[:7], "Check succeeded 1, Pay running 1"},
		{"stopped", append(append([]Event{}, paid[:6]...), Event{7, 6, "ExecutionAborted", ""}), "Check succeeded 1, Pay aborted 1"},
		{"failed within", failed, "Both failed 1, Check succeeded 1, Each failed 1, Mail <a&b> succeeded 1, Pack succeeded 1, Pay succeeded 2, Send aborted 1, Sleep succeeded 1"},
		{"a state of failure", []Event{{1, 0, "ExecutionStarted", ""}, {2, 0, "FailStateEntered", "Refused"}, {3, 2, "ExecutionFailed", ""}}, "Refused failed 1"},
		{"retried", append(append([]Event{}, paid[:7]...), Event{8, 7, "LambdaFunctionScheduled", ""}, Event{9, 8, "ExecutionTimedOut", ""}), "Check succeeded 1, Pay aborted 1"},
		{"redriven", append(append([]Event{}, paid[:7]...), Event{8, 7, "ExecutionFailed", ""}, Event{9, 8, "ExecutionRedriven", ""}, Event{10, 7, "LambdaFunctionScheduled", ""}), "Check succeeded 1, Pay running 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			steps := Follow(m, row.events)
			for _, name := range []string{"Ask", "Both", "Check", "Done", "Each", "Mail <a&b>", "Pack", "Pay", "Refused", "Send", "Sleep"} {
				if s, ok := steps[name]; ok {
					lines = append(lines, fmt.Sprintf("%s %s %d", name, s.Status, s.Times))
				}
			}
			if got := strings.Join(lines, ", "); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// large are machines of n states: a chain whose every state may fail to the last
// one, a wide choice, and a ladder of choices.
func large(n int) map[string]string {
	var chain, wide, ladder strings.Builder
	var rules []string
	for i := range n {
		next := fmt.Sprintf(`"Next":"S%d"`, i+1)
		if i == n-1 {
			next = `"Next":"End"`
		}
		fmt.Fprintf(&chain, `"S%d":{"Type":"Task","Resource":"arn:aws:lambda:eu-north-1:1:function:f","Catch":[{"ErrorEquals":["States.ALL"],"Next":"Sorry"}],%s},`, i, next)
		fmt.Fprintf(&wide, `"S%d":{"Type":"Pass","Next":"End"},`, i)
		rules = append(rules, fmt.Sprintf(`{"Variable":"$.n","NumericEquals":%d,"Next":"S%d"}`, i, i))
		far := fmt.Sprintf("S%d", i+7)
		if i+7 >= n {
			far = "End"
		}
		fmt.Fprintf(&ladder, `"S%d":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":%d,"Next":"%s"},{"Variable":"$.n","NumericEquals":-1,"Next":"S%d"}],"Default":%s},`, i, i, far, i/2, strings.TrimPrefix(next, `"Next":`))
	}
	const end = `"End":{"Type":"Succeed"}`
	return map[string]string{
		"chain":  `{"StartAt":"S0","States":{` + chain.String() + `"Sorry":{"Type":"Fail"},` + end + `}}`,
		"wide":   `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[` + strings.Join(rules, ",") + `]},` + wide.String() + end + `}}`,
		"ladder": `{"StartAt":"S0","States":{` + ladder.String() + end + `}}`,
	}
}

// TestLayout: whatever the machine, no two states overlap, nothing leaves the
// picture, each line is straight from point to point, and the SVG is XML.
func TestLayout(t *testing.T) {
	t.Parallel()
	all := large(60)
	all["shop"] = shop
	all["one"] = `{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}`
	all["loop"] = `{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"A"}],"Default":"B"},"B":{"Type":"Succeed"}}}`
	for name, definition := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := Of(parse(t, definition))
			for i, a := range g.Nodes {
				if a.X < 0 || a.Y < 0 || a.X+a.W > g.Width || a.Y+a.H > g.Height {
					t.Errorf("%s leaves the picture", a.Name)
				}
				for _, b := range g.Nodes[i+1:] {
					apart := a.X+a.W <= b.X || b.X+b.W <= a.X || a.Y+a.H <= b.Y || b.Y+b.H <= a.Y
					inside := a.Outer && a.X < b.X && a.Y < b.Y && b.X+b.W < a.X+a.W && b.Y+b.H < a.Y+a.H
					if !apart && !inside {
						t.Errorf("%s and %s overlap", a.Name, b.Name)
					}
				}
			}
			for _, l := range g.Lines {
				for i, p := range l.Points {
					if p.X < 0 || p.Y < 0 || p.X >= g.Width || p.Y >= g.Height {
						t.Fatalf("%v leaves the picture of %d by %d", l, g.Width, g.Height)
					}
					if i > 0 && p.X != l.Points[i-1].X && p.Y != l.Points[i-1].Y {
						t.Errorf("%v is not straight", l)
					}
				}
			}
			_ = g.Text(nil)
			for d := xml.NewDecoder(strings.NewReader(g.SVG(nil))); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkThousand(b *testing.B) {
	for name, definition := range large(1000) {
		m := parse(b, definition)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				g := Of(m)
				g.Text(nil)
				g.SVG(nil)
			}
		})
	}
}
