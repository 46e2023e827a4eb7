package run

import (
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// FuzzRun runs whatever the parser accepts, and looks for crashes and for what
// does not end.
func FuzzRun(f *testing.F) {
	for _, definition := range durable {
		f.Add(definition, `{"items":[3,1,2]}`)
	}
	for _, definition := range []string{
		loop,
		`{"StartAt":"W","States":{"W":{"Type":"Wait","SecondsPath":"$.n","Next":"F"},"F":{"Type":"Fail","CausePath":"States.Format('{}', $.a)"}}}`,
		`{"QueryLanguage":"JSONata","StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Arguments":"{% $states.context %}","TimeoutSeconds":"{% 5 %}","Retry":[{"ErrorEquals":["States.ALL"],"JitterStrategy":"FULL"}],"Catch":[{"ErrorEquals":["States.ALL"],"Output":"{% $states.errorOutput %}","Next":"S"}],"Next":"S"},"S":{"Type":"Succeed"}}}`,
		`{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.n","NumericLessThanPath":"$.m"},{"Not":{"Variable":"$.s","StringMatches":"a*\\*b"}}],"Next":"S"}],"Default":"S"},"S":{"Type":"Succeed","OutputPath":"$..a"}}}`,
	} {
		f.Add(definition, `{"n":1,"m":2,"a":[1],"s":"x"}`)
	}
	f.Fuzz(func(t *testing.T, definition, input string) {
		if _, err := jsonvalue.Parse([]byte(input)); err != nil || strings.Count(input, "[") > 50 || len(definition) > 5000 {
			return
		}
		m, _ := asl.Parse(definition, asl.Standard)
		if m == nil {
			return
		}
		w := newWorld(t, m)
		w.objects = files{}
		n := 0
		w.answer = func(x *Execution, task Task) {
			if n++; n%2 == 0 {
				x.TaskFailed(task.ID, Fails("Odd", "why"))
			} else {
				x.TaskSucceeded(task.ID, "{}")
			}
		}
		x := w.start(asl.Standard, input)
		for range 300 {
			if !x.Advance(10) && (x.Status() != Running || !w.happens(x)) {
				break
			}
		}
		if x.Output() != "" {
			if _, err := jsonvalue.Parse([]byte(x.Output())); err != nil {
				t.Errorf("the output is no JSON: %s", x.Output())
			}
		}
	})
}
