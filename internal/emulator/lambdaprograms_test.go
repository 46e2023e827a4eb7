package emulator_test

import (
	"archive/zip"
	"bytes"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
)

// The recorded programs are not included, but what AWS answered shows what they did:
// these do the same. They are named by the recorded ones' checksums.
var lambdaPrograms = map[string]string{
	"6e0dd7de07e0a85d": `let n = 0; exports.handler = async () => ({counter: n++})`,
	"ced0076d917edf5e": "n = -1\ndef handler(event, context):\n  global n\n  n += 1\n  return {'counter': n}",
	"d5960cd56fba8af3": "def handler(event, context): pass", // it waited a second
	"ec262f29f8e4bbbe": "import sys\nsys.exit(0)",
	"c375edabbcffc9f9": "import sys\ndef handler(event, context): sys.exit(0)",
	"dbc833321b605a89": "def handler(event, context): return event",
	"d4d29246149de183": versioned + "'version1'}",
	"ed1f3b2eb476a735": versioned + "'version2'}",
	"0322c58c7be34b46": versioned + "'version3'}",
	"8462265f690883b4": "import os\ndef handler(event, context): return {'function_variant': os.environ['FUNCTION_VARIANT'], 'function_version': context.function_version, 'request_id': context.aws_request_id, 'request_prefix': event['request_prefix']}",
	"7a43f76f27f986f2": "exports.handler = async event => { throw new Error('Error: ' + event.error_msg) }",
	"810b5c55b635a035": "def handler(event, context): raise Exception('Failed: ' + event['error_msg'])",
	"0f42278af134bf9f": "def handler(event:, context:)\n  raise \"Error: #{event['error_msg']}\"\nend",
	"63ee73cdb1744497": `exports.handler = async (event, c) => ({environment: process.env, packages: [], ctx: {
		function_name: c.functionName, function_version: c.functionVersion, invoked_function_arn: c.invokedFunctionArn, aws_request_id: c.awsRequestId,
		log_group_name: c.logGroupName, log_stream_name: c.logStreamName, remaining_time_in_millis: c.getRemainingTimeInMillis()}})`,
	"19bbc71cbd0fbe34": "import os\ndef handler(event, c): return {'environment': dict(os.environ), 'packages': [], 'ctx': {'memory_limit_in_mb': c.memory_limit_in_mb, 'remaining_time_in_millis': c.get_remaining_time_in_millis(), " + told,
	"4b2d727e35987d49": "def handler(event:, context:)\n  c = context\n  {environment: ENV.to_h, packages: [], ctx: {function_name: c.function_name, function_version: c.function_version, invoked_function_arn: c.invoked_function_arn, memory_limit_in_mb: c.memory_limit_in_mb, aws_request_id: c.aws_request_id, log_group_name: c.log_group_name, log_stream_name: c.log_stream_name, remaining_time_in_millis: c.get_remaining_time_in_millis}}\nend",
	"object":           "def handler(event, c): return {'event': event, 'context': {'memory_limit_in_mb': c.memory_limit_in_mb, 'client_context': c.client_context, " + told,
}

// Parts of programs.
const (
	versioned = "def handler(event, context): return {'invoked_arn': context.invoked_function_arn, 'version_from_ctx': context.function_version, 'version_id': "
	told      = "'function_name': c.function_name, 'function_version': c.function_version, 'invoked_function_arn': c.invoked_function_arn, 'aws_request_id': c.aws_request_id, 'log_group_name': c.log_group_name, 'log_stream_name': c.log_stream_name}}"
)

// elsewhere are the variables that tell of AWS's machines, and not of the function.
var elsewhere = regexp.MustCompile(`^(PATH|PWD|SHLVL|LANG|LC_CTYPE|LD_LIBRARY_PATH|NODE_.*|PYTHONPATH|GEM_.*|RUBYLIB|LAMBDA_(RUNTIME_DIR|TASK_ROOT)|AWS_LAMBDA_RUNTIME_API|_?AWS_XRAY_DAEMON_(ADDRESS|PORT)|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_LOG_STREAM_NAME)|_X_AMZN_TRACE_ID)$`)

// portable leaves of what a function tells of its environment what is not of the machine.
func portable(v any) {
	o, _ := v.(map[string]any)
	if env, ok := o["environment"].(map[string]any); ok {
		maps.DeleteFunc(env, func(k string, _ any) bool {
			return elsewhere.MatchString(k) || k == "AWS_ENDPOINT_URL" || k == "TMPDIR"
		})
	}
}

// packageFor is a package with the programs that stand for the recorded ones, and
// another for each text; without one it has a program that returns its event.
func packageFor(text string, recorded any) []byte {
	files := map[string]string{"recorded": text}
	all, _ := recorded.(map[string]any)
	for name, v := range all {
		about, _ := v.(map[string]any)
		sum, _ := about["sha256"].(string)
		if program, ok := lambdaPrograms[sum]; ok {
			files[path.Base(name)] = program // built from a folder of sources
		}
	}
	if recorded == nil {
		files["handler.py"] = lambdaPrograms["object"]
	}
	if len(files) == 1 {
		files["handler.py"] = lambdaPrograms["dbc833321b605a89"]
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, _ := z.Create(name) // a buffer has room
		_, _ = w.Write([]byte(files[name]))
	}
	_ = z.Close()
	return b.Bytes()
}

// played tells whether a program stands for that of the set-up.
func (r *lambdaRecording) played() bool {
	ours := false
	for _, s := range r.Setup {
		params, _ := s.Params.(map[string]any)
		code, ok := params["Code"].(map[string]any)
		if !ok {
			code = params
		}
		if _, ok := code["S3Bucket"]; ok && s.Op == "create_function" {
			ours = true
		}
		z, _ := code["ZipFile"].(map[string]any)
		all, _ := z["$zip"].(map[string]any)
		for _, v := range all {
			about, _ := v.(map[string]any)
			if sum, _ := about["sha256"].(string); lambdaPrograms[sum] != "" {
				ours = true
			}
		}
	}
	return ours
}

// missing tells whether the interpreter of a function of the set-up is not here.
func (r *lambdaRecording) missing() bool {
	for _, s := range r.Setup {
		params, _ := s.Params.(map[string]any)
		if id, ok := params["Runtime"].(string); ok && s.Op == "create_function" {
			if _, err := runtime.Interpreter(id); err != nil {
				return true
			}
		}
	}
	return false
}

// pattern is where the regular expressions begin in AWS's errors, which are not the same
// as when they were recorded.
const pattern = "Member must satisfy regular expression pattern: "

// upToPattern leaves a message's regular expression out.
func upToPattern(message string) string {
	if i := strings.Index(message, pattern); i >= 0 {
		return message[:i+len(pattern)]
	}
	return message
}
