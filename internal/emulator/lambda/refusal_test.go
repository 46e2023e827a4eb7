package lambda

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// entry is one file of a zip, as hostile as it may be.
type entry struct {
	name, text string
	mode       fs.FileMode
}

func zipOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode | 0o644)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPackages(t *testing.T) {
	t.Parallel()
	const noZip = "Could not unzip uploaded file. Please check your file, then try to upload again."
	link := fs.ModeSymlink
	bomb := strings.Repeat("\x00", 64<<20)
	tests := []struct {
		name string
		zip  []byte
		want string // AWS's message; empty for a package that is taken
	}{
		{"text", []byte("no zip"), noZip},
		{"empty", zipOf(t), "Uploaded file must be a non-empty zip"},
		{"up", zipOf(t, entry{"../x", "", 0}), noZip},
		{"up within", zipOf(t, entry{"a/../../x", "", 0}), noZip},
		{"absolute", zipOf(t, entry{"/x", "", 0}), noZip},
		{"backslash", zipOf(t, entry{`..\x`, "", 0}), noZip},
		{"link out", zipOf(t, entry{"x", "../y", link}), noZip},
		{"absolute link", zipOf(t, entry{"x", "/etc/passwd", link}), noZip},
		{"file through a link", zipOf(t, entry{"a/b/c", "", 0}, entry{"l", "a/b", link}, entry{"m", "l/../../..", link}, entry{"m/x", "", 0}), noZip},
		{"links in circles", zipOf(t, entry{"a", "b", link}, entry{"b", "a", link}), noZip},
		{"a file as a folder", zipOf(t, entry{"a", "", 0}, entry{"a/b", "", 0}), noZip},
		{"a folder as a file", zipOf(t, entry{"a/b", "", 0}, entry{"a", "", 0}), noZip},
		{"a long name", zipOf(t, entry{strings.Repeat("x", 300), "", 0}), noZip},
		{"bomb", zipOf(t, entry{"a", bomb, 0}, entry{"b", bomb, 0}, entry{"c", bomb, 0}, entry{"d", bomb, 0}), "Unzipped size must be smaller than 262144000 bytes"},
		{"link within", zipOf(t, entry{"a/b", "x", 0}, entry{"c/d", "../a/b", link}), ""},
		{"twice", zipOf(t, entry{"a", "x", 0}, entry{"a", "y", 0}), ""},
		{"program", zipOf(t, entry{"bootstrap", "x", 0o111}), ""},
	}
	w := newFakeWorld(t)
	for _, tt := range tests {
		_, err := w.CreateFunction(w.ctx, &lambda.CreateFunctionInput{
			FunctionName: aws.String(strings.ReplaceAll(tt.name, " ", "-")), Role: aws.String(role),
			Runtime: types.RuntimeProvidedal2023, Handler: aws.String("h"), Code: &types.FunctionCode{ZipFile: tt.zip},
		})
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		t.Run(tt.name, func(t *testing.T) { checkError(t, err, "InvalidParameterValueException", tt.want) })
	}
	packages, err := filepath.Glob(filepath.Join(w.code.dir, "*", "code"))
	if err != nil || len(packages) != 3 {
		t.Errorf("the store holds %v, %v, want three packages", packages, err)
	}
	program, err := filepath.Glob(filepath.Join(w.code.dir, "*", "code", "bootstrap"))
	if err != nil || len(program) != 1 {
		t.Fatalf("got %v, %v", program, err)
	}
	if s, err := os.Stat(program[0]); err != nil || s.Mode().Perm() != 0o555 {
		t.Errorf("the program's mode is %v, %v, want 0555", s.Mode(), err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*lambda.CreateFunctionInput)
		want   string
	}{
		{"role", func(in *lambda.CreateFunctionInput) { in.Role = aws.String("arn:aws:iam::000000000000:role/none") }, "The role defined for the function cannot be assumed by Lambda."},
		{"image", func(in *lambda.CreateFunctionInput) { in.PackageType = types.PackageTypeImage }, "PackageType Image is not emulated; send a package as Code.ZipFile"},
		{"handler", func(in *lambda.CreateFunctionInput) { in.Handler = nil }, "Runtime and Handler are mandatory parameters for functions created with deployment packages."},
		{"go1.x", func(in *lambda.CreateFunctionInput) { in.Runtime = types.RuntimeGo1x }, "The runtime parameter of go1.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."},
		{"variables", func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AWS_REGION": "x", "A": "b", "_HANDLER": ""}}
		}, "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION, _HANDLER"},
		{"snap start", func(in *lambda.CreateFunctionInput) {
			in.SnapStart = &types.SnapStart{ApplyOn: types.SnapStartApplyOnPublishedVersions}
		}, "provided.al2023 is not supported for SnapStart enabled functions."},
		{"dead letters", func(in *lambda.CreateFunctionInput) {
			in.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: aws.String(fARN)}
		}, "The dead letter target " + fARN + " is invalid: it must be a standard SQS queue or a standard SNS topic"},
		{"dead letters in order", func(in *lambda.CreateFunctionInput) {
			in.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: aws.String(deadARN + ".fifo")}
		}, "The dead letter target " + deadARN + ".fifo is invalid: it must be a standard SQS queue or a standard SNS topic"},
		{"no code", func(in *lambda.CreateFunctionInput) { in.Code = nil }, "Please provide a source for function code."},
	}
	w := newFakeWorld(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &lambda.CreateFunctionInput{
				FunctionName: aws.String("f"), Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("h"),
				Code: &types.FunctionCode{ZipFile: packageOf(t, map[string]string{"bootstrap*": "x"})},
			}
			tt.change(in)
			_, err := w.CreateFunction(w.ctx, in)
			checkError(t, err, "InvalidParameterValueException", tt.want)
		})
	}
}

// A function can be made and changed where its interpreter is missing; who invokes it
// learns which one that is.
func TestMissingInterpreter(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	w := newFakeWorld(t)
	_, err := w.CreateFunction(w.ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String(role), Runtime: types.RuntimeRuby34, Handler: aws.String("h.h"),
		Code: &types.FunctionCode{ZipFile: packageOf(t, map[string]string{"h.rb": "x"})},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.settle(t)
	out, err := w.Invoke(w.ctx, &lambda.InvokeInput{FunctionName: aws.String("f")})
	if err != nil {
		t.Fatal(err)
	}
	const want = `Error: the runtime ruby3.4 needs one of the programs ruby3.4, ruby, and none of them is on PATH; install it, or choose another runtime"`
	if got := string(out.Payload); aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(got, `"errorType":"Runtime.InvalidEntrypoint"`) || !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPayload(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"\x99\xeb", "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]"},
		{"n\x87r", "Invalid UTF-8 start byte 0x87\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 3]"},
		{"hello", "Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 6]"},
	}
	for _, tt := range tests {
		checkError(t, checkPayload([]byte(tt.in)), "InvalidRequestContentException", "Could not parse request body into json: Could not parse payload into json: "+tt.want)
	}
	big := bytes.Repeat([]byte(" "), maxPayload+1)
	checkError(t, checkPayload(big), "RequestTooLargeException", "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)")
}

// Whatever the event, the check neither panics nor takes what is not JSON.
func FuzzPayload(f *testing.F) {
	for _, s := range []string{`{"a":`, "", "\"\x80", "tru", "[1,]", "\n\nx", "1 2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { _ = checkPayload(b) })
}

func TestMappingRefuses(t *testing.T) {
	t.Parallel()
	w := newFakeWorld(t)
	for _, age := range []int32{0, 30, 59} {
		_, err := w.CreateEventSourceMapping(w.ctx, &lambda.CreateEventSourceMappingInput{
			FunctionName: aws.String("f"), EventSourceArn: aws.String("arn:aws:dynamodb:eu-north-1:000000000000:table/t/stream/2026-01-02T03:04:05.000"),
			StartingPosition: types.EventSourcePositionLatest, MaximumRecordAgeInSeconds: aws.Int32(age),
		})
		checkError(t, err, "InvalidParameterValueException", "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)")
	}
}

// Nothing is made in another account, nor a layer in another region.
func TestForeignNames(t *testing.T) {
	t.Parallel()
	w := newFakeWorld(t)
	content := packageOf(t, map[string]string{"bootstrap*": "x"})
	_, err := w.CreateFunction(w.ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("111111111111:function:f"), Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("h"),
		Code: &types.FunctionCode{ZipFile: content},
	})
	checkError(t, err, "AccessDeniedException", "User:  is not authorized to perform: lambda:CreateFunction on resource: arn:aws:lambda:eu-north-1:111111111111:function:f")
	for _, arn := range []string{"arn:aws:lambda:eu-north-1:111111111111:layer:l", "arn:aws:lambda:eu-west-1:000000000000:layer:l"} {
		_, err := w.PublishLayerVersion(w.ctx, &lambda.PublishLayerVersionInput{LayerName: aws.String(arn), Content: &types.LayerVersionContentInput{ZipFile: content}})
		checkError(t, err, "AccessDeniedException", "User:  is not authorized to use the layer "+arn+", which is not of the account 000000000000 in eu-north-1")
	}
}
