package asl

import (
	"fmt"
	"strings"
	"testing"
)

// found are the diagnostics of a definition, a line each.
func found(definition string, w Workflow) string {
	_, all := Parse(definition, w)
	var out []string
	for _, d := range all {
		line := d.String()
		if d.Severity == Warning {
			line = "warning " + line
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// one is a machine of one state, A.
func one(state string) string { return `{"StartAt":"A","States":{"A":{` + state + `}}}` }

func jsonata(state string) string {
	return `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{` + state + `}}}`
}

// mapOf is a machine of one distributed map, M.
func mapOf(fields string) string {
	return `{"StartAt":"M","States":{"M":{"Type":"Map",` + fields + `,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}`
}

// TestDiagnostics has what AWS says of definitions beyond the recorded ones. The
// texts above the line are known from reports of what AWS answered.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	const end = `,"End":true`
	for _, row := range []struct{ name, definition, want string }{
		{"loop", `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}}}`, "MISSING_END_STATE: Workflow has no terminal state"},
		{"loop and an unreachable state", `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},"D":{"Type":"Pass","Next":"A"}}}`, "MISSING_END_STATE: Workflow has no terminal state"},
		{"loop and an unreachable end", `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},"C":{"Type":"Succeed"}}}`, "MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"},
		{"dangling", one(`"Type":"Pass","Next":"NOPE"`), "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next\nMISSING_END_STATE: Workflow has no terminal state"},
		{"dangling and unreachable", `{"StartAt":"pass1","States":{"pass1":{"Type":"Pass","Next":"pass3"},"pass2":{"Type":"Pass","End":true}}}`, "MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at /States/pass1/Next\nMISSING_TRANSITION_TARGET: State \"pass2\" is not reachable. at /States/pass2"},
		{"dangling start", `{"StartAt":"B","States":{"A":{"Type":"Succeed"}}}`, "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /StartAt\nMISSING_TRANSITION_TARGET: State \"A\" is not reachable. at /States/A"},
		{"dangling choice", one(`"Type":"Choice","Choices":[{"Variable":"$.x","IsNull":true,"Next":"X"}],"Default":"Y"`), "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Choices[0]/Next\nMISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/A/Default\nMISSING_END_STATE: Workflow has no terminal state"},
		{"dangling catch", one(`"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","Catch":[{"ErrorEquals":["States.ALL"],"Next":"X"}]` + end), "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Catch[0]/Next"},
		{"timeout of a pass", one(`"Type":"Pass","TimeoutSeconds":1` + end), "SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/A"},
		{"catch of a pass", one(`"Type":"Pass","Catch":[]` + end), "SCHEMA_VALIDATION_FAILED: Field 'Catch' is not supported at /States/A"},
		{"output of JSONPath", one(`"Type":"Pass","Output":"x"` + end), "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/A"},
		{"language of an item processor", `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}`, "SCHEMA_VALIDATION_FAILED: Field 'QueryLanguage' is not supported at /States/M/ItemProcessor"},
		{"language within a map", `{"StartAt":"M","States":{"M":{"Type":"Map","QueryLanguage":"JSONata","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","Output":1,"End":true}}},"End":true}}}`, "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/M/ItemProcessor/States/P"},
		{"top-level reference", jsonata(`"Type":"Pass","Output":{"v":"{% phone %}"}` + end), "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/A/Output/v"},
		{"unparseable", jsonata(`"Type":"Pass","Output":"{% 1 + %}"` + end), "INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output"},
		{"a path without a dollar", one(`"Type":"Pass","OutputPath":"Test"` + end), "SCHEMA_VALIDATION_FAILED: Value must be a valid JSONPath. at /States/A/OutputPath"},
		{"a choice without Next", one(`"Type":"Choice","Choices":[{"Variable":"$","StringMatches":"x"}]`), "SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/A/Choices[0]"},
		{"no ARN", one(`"Type":"Task","Resource":"createToken"` + end), "SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN at /States/A/Resource"},
		{"no integration", one(`"Type":"Task","Resource":"arn:aws:states:::dynamodb:query"` + end), "SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::dynamodb:query is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/A/Resource"},
		{"an escape in a call", one(`"Type":"Pass","Parameters":{"parsed.$":"States.Format('\\\"')"}` + end), "SCHEMA_VALIDATION_FAILED: The value for the field 'parsed.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters"},

		{"a number and its path", mapOf(`"MaxConcurrency":1,"MaxConcurrencyPath":"$.n"`), "SCHEMA_VALIDATION_FAILED: There should only be one of the following fields: [MaxConcurrency, MaxConcurrencyPath] at /States/M"},
		{"a negative number", mapOf(`"MaxConcurrency":-1`), "SCHEMA_VALIDATION_FAILED: Minimum value is 0 at /States/M/MaxConcurrency"},
		{"a negative percentage", mapOf(`"ToleratedFailurePercentage":-1`), "SCHEMA_VALIDATION_FAILED: Minimum value is 0.0 at /States/M/ToleratedFailurePercentage"},
		{"a large percentage", mapOf(`"ToleratedFailurePercentage":100.5`), "SCHEMA_VALIDATION_FAILED: Maximum value is 100.0 at /States/M/ToleratedFailurePercentage"},
		{"the context for a number", mapOf(`"MaxConcurrencyPath":"$$.Execution.Input.n"`), "SCHEMA_VALIDATION_FAILED: Value is not a Reference Path at /States/M/MaxConcurrencyPath"},

		// Below, the rules are AWS's and the wording of the text is not known to be.
		{"neither Next nor End", one(`"Type":"Pass"`), "SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/A"},
		{"both Next and End", one(`"Type":"Pass","Next":"A"` + end), "SCHEMA_VALIDATION_FAILED: There should only be one of the following fields: [Next, End] at /States/A"},
		{"a name twice", `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Succeed"}}},{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}],"End":true}}}`, "DUPLICATE_STATE_NAME: Duplicate State name: A exists on paths: [/States/P/Branches[0]/States/A, /States/P/Branches[1]/States/A] at /States/P/Branches[1]/States/A"},
		{"States.ALL with others", one(`"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","Retry":[{"ErrorEquals":["States.ALL","A"]}]` + end), "SCHEMA_VALIDATION_FAILED: States.ALL must appear alone in the ErrorEquals array at /States/A/Retry[0]/ErrorEquals"},
		{"States.ALL before others", one(`"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["A"]}]` + end), "SCHEMA_VALIDATION_FAILED: States.ALL must be in the last retrier or catcher at /States/A/Retry[0]/ErrorEquals"},
		{"the error of no catcher", jsonata(`"Type":"Pass","Output":"{% $states.errorOutput %}"` + end), "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$states.errorOutput' is not supported here. at /States/A/Output"},
		{"the result of no task", jsonata(`"Type":"Pass","Output":"{% $states.result %}"` + end), "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$states.result' is not supported here. at /States/A/Output"},
		{"an unknown member", jsonata(`"Type":"Pass","Output":"{% $states.inptu %}"` + end), "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$states.inptu' is not supported. at /States/A/Output"},
		{"the whole input", jsonata(`"Type":"Pass","Output":"{% $$ %}"` + end), "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' is not supported. at /States/A/Output"},
		{"a number", one(`"Type":"Wait","Seconds":"5"` + end), "SCHEMA_VALIDATION_FAILED: Expected value of type Integer at /States/A/Seconds"},
		{"no wait", one(`"Type":"Wait"` + end), "SCHEMA_VALIDATION_FAILED: Exactly one of these fields must be set: [Seconds, Timestamp, SecondsPath, TimestampPath] at /States/A"},
		{"a timestamp", one(`"Type":"Wait","Timestamp":"2016-12-05 21:29:29Z"` + end), "SCHEMA_VALIDATION_FAILED: Value must be a valid ISO-8601 extended offset date-time format string at /States/A/Timestamp"},
		{"an operator", one(`"Type":"Choice","Choices":[{"Variable":"$.a","StringIs":"x","Next":"A"}]`), "SCHEMA_VALIDATION_FAILED: Field 'StringIs' is not supported at /States/A/Choices[0]\nSCHEMA_VALIDATION_FAILED: A comparison operator is required at /States/A/Choices[0]"},
		{"the operand of an operator", one(`"Type":"Choice","Choices":[{"Variable":"$.a","NumericEquals":"x","Next":"A"}]`), "SCHEMA_VALIDATION_FAILED: Expected value of type Number at /States/A/Choices[0]/NumericEquals"},
		{"a variable", one(`"Type":"Pass","Assign":{"1a":1,"states":2}` + end), "SCHEMA_VALIDATION_FAILED: The variable name '1a' is invalid at /States/A/Assign\nSCHEMA_VALIDATION_FAILED: The variable name 'states' is reserved at /States/A/Assign"},
		{"a label", `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"Label":"a b","End":true}}}`, "INVALID_LABEL_NAME: Label contains invalid character: ' ' at /States/M/Label"},
		{"a reader of an inline map", `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"ItemReader":{},"End":true}}}`, "SCHEMA_VALIDATION_FAILED: Field 'ItemReader' is only supported for a Map state in DISTRIBUTED mode at /States/M"},
		{"a path that is not computed", one(`"Type":"Pass","Parameters":{"a":"$.b","c":["x",{"d":"States.UUID()"}]}` + end), "warning NO_DOLLAR: The value of this field looks like a JSONPath or an intrinsic function, but the field name does not end with '.$' at /States/A/Parameters/a\nwarning NO_DOLLAR: The value of this field looks like a JSONPath or an intrinsic function, but the field name does not end with '.$' at /States/A/Parameters/c[1]/d"},
		{"a path in a text", one(`"Type":"Fail","Cause":"$.why"`), "warning NO_PATH: The value of this field looks like a JSONPath or an intrinsic function, but the field name does not end with 'Path' at /States/A/Cause"},
		{"a path in an operand", `{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Variable":"$.a","StringEquals":"$.b","Next":"B"}]},"B":{"Type":"Succeed"}}}`, "warning NO_PATH: The value of this field looks like a JSONPath or an intrinsic function, but the field name does not end with 'Path' at /States/A/Choices[0]/StringEquals"},
		{"a path in a result", one(`"Type":"Pass","Result":{"a":"$.b"}` + end), "warning PASS_RESULT_IS_STATIC: The 'Result' of a Pass state is static, paths in it are not replaced at /States/A/Result"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := found(row.definition, Standard); got != row.want {
				t.Errorf("%s\ngot\n%s\nwant\n%s", row.definition, got, row.want)
			}
		})
	}
}

// TestJSONError has texts that are no JSON, in the words of the library that AWS
// reads them with.
func TestJSONError(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{`not some json`, `Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false') 1:4`},
		{`{'not': 'json'`, `Unexpected character (''' (code 39)): was expecting double-quote to start field name 1:3`},
		{"{\n \"a\" 1}", `Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value 2:7`},
		{`{"a": 1 "b": 2}`, `Unexpected character ('"' (code 34)): was expecting comma to separate Object entries 1:10`},
		{`[1 2]`, `Unexpected character ('2' (code 50)): was expecting comma to separate Array entries 1:5`},
		{`{"a": }`, `Unexpected character ('}' (code 125)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false') 1:8`},
		{`{"a": nope}`, `Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false') 1:11`},
		{`{"a": 1`, `Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)"{"a": 1"; line: 1, column: 1]) 1:8`},
		{`{}`, ` `},
	} {
		message, source := JSONError(row.text)
		var line, column int
		at := ""
		if i := strings.LastIndex(source, "; line: "); i >= 0 {
			_, _ = fmt.Sscanf(source[i:], "; line: %d, column: %d]", &line, &column)
			at = fmt.Sprintf("%d:%d", line, column)
		}
		if got := message + " " + at; got != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.text, got, row.want)
		}
	}
}

// TestLocate finds places in a text.
func TestLocate(t *testing.T) {
	t.Parallel()
	definition := "{\n  \"StartAt\": \"é\",\n  \"States\": {\n    \"A/B\": {\"Type\": \"Pass\", \"Retry\": [1, {\"x\": true}], \"End\": true}\n  }\n}"
	for _, row := range []struct{ location, want string }{
		{"/", "1:1 " + definition},
		{"/StartAt", `2:14 "é"`},
		{"/States/A/B", `4:12 {"Type": "Pass", "Retry": [1, {"x": true}], "End": true}`},
		{"/States/A/B/Type", `4:21 "Pass"`},
		{"/States/A/B/Retry[1]/x", `4:48 true`},
		{"/States/A/B/Missing", `4:12 {"Type": "Pass", "Retry": [1, {"x": true}], "End": true}`},
		{"/Nowhere", "1:1 " + definition},
	} {
		at := Locate(definition, row.location)
		if got := fmt.Sprintf("%d:%d %s", at.Line, at.Column, definition[at.Start:at.End]); got != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.location, got, row.want)
		}
	}
}
