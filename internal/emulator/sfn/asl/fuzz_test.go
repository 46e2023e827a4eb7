package asl

import (
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// FuzzParse looks for crashes of the parser and for diagnostics whose place is
// not in the text.
func FuzzParse(f *testing.F) {
	for _, definition := range []string{
		``, `{`, `{"StartAt":`, `not json`, `{"a" 1}`, `{'a':1}`, `[1,2`, `{"a":"\x"}`, `{"StartAt":"A","States":{}}`,
		`{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"States.Format('{}', $.b[0], $$.c, $d)"},"End":true}}}`,
		`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Map","Items":"{% $states.input %}","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"B","States":{"B":{"Type":"Succeed"}}},"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"CSV","CSVHeaderLocation":"GIVEN","CSVHeaders":["a"]}},"ItemBatcher":{"MaxItemsPerBatch":1},"ResultWriter":{"WriterConfig":{"OutputType":"JSONL"}},"Label":"x","End":true}}}`,
		`{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.a","IsNull":true},{"Or":[{"Not":{"Variable":"$.b","StringEqualsPath":"$.c"}}]}],"Next":"B"}],"Default":"B"},"B":{"Type":"Wait","TimestampPath":"$.t","End":true}}}`,
		`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","TimeoutSeconds":5,"HeartbeatSecondsPath":"$.h","Retry":[{"ErrorEquals":["States.ALL"],"JitterStrategy":"FULL"}],"Catch":[{"ErrorEquals":["X"],"Next":"A","ResultPath":"$.e"}],"End":true}}}`,
	} {
		f.Add(definition)
	}
	f.Fuzz(func(t *testing.T, definition string) {
		for _, w := range []Workflow{Standard, Express} {
			m, found := Parse(definition, w)
			if (m == nil) != (len(Errors(found)) > 0) {
				t.Errorf("a machine is there: %t, but there are %d errors", m != nil, len(Errors(found)))
			}
			for _, d := range found {
				if at := Locate(definition, d.Location); at.Start < 0 || at.End > len(definition) || at.Start > at.End || at.Line < 1 || at.Column < 1 {
					t.Errorf("%s is at %+v of %d bytes", d.Location, at, len(definition))
				}
			}
		}
		ParseState("A", definition, Standard)
		message, source := JSONError(definition)
		if _, err := jsonvalue.Parse([]byte(definition)); (err == nil) != (message == "") || (message == "") != (source == "") {
			t.Errorf("%q: %v, but %q at %q", definition, err, message, source)
		}
		if strings.Contains(message, "\x00") && !strings.Contains(definition, "\x00") {
			t.Errorf("%q has what is not in the text", message)
		}
	})
}
