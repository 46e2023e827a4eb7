//go:build linux

package runtime

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The compiled bootstrap is that of the sources: make java.
func TestJavaBootstrapIsCurrent(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("bootstrap/java/*.java")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	slices.Sort(files)
	h := sha256.New()
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
	}
	z, err := zip.NewReader(bytes.NewReader(javaBootstrap), int64(len(javaBootstrap)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := z.Open("sources.sha256")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if want := hex.EncodeToString(h.Sum(nil)); err != nil || strings.TrimSpace(string(got)) != want {
		t.Errorf("the jar is of the sources %s, want %s: run make java", got, want)
	}
}

// Whoever compiles the sources gets the jar that is shipped, to the byte.
func TestJavaBootstrapIsReproducible(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"make", "javac", "jar"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the program %s is not on PATH", program)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "javac", "-version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "javac 17.") {
		t.Skipf("javac is not of version 17: %s", out)
	}
	made := filepath.Join(t.TempDir(), "java.jar")
	c := exec.CommandContext(t.Context(), "make", "-C", "../../../..", "java", "JAVA_JAR="+made, "JAVA_BUILD="+t.TempDir()) //nolint:gosec // to folders of this test
	c.Env = append(os.Environ(), "TZ=Asia/Tokyo", "LC_ALL=C.UTF-8")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, javaBootstrap) {
		t.Error("make java gives another jar than bootstrap/java.jar")
	}
}

const java = "java17"

// coreInterfaces are what functions in Java are written against, in the shape of
// aws-lambda-java-core: what the tests compile where the official jar is not in the
// local Maven repository.
var coreInterfaces = map[string]string{
	"RequestHandler":       `public interface RequestHandler<I, O> { O handleRequest(I in, Context c); }`,
	"RequestStreamHandler": `public interface RequestStreamHandler { void handleRequest(java.io.InputStream in, java.io.OutputStream out, Context c) throws java.io.IOException; }`,
	"LambdaLogger":         `public interface LambdaLogger { void log(String s); void log(byte[] b); }`,
	"CognitoIdentity":      `public interface CognitoIdentity { String getIdentityId(); String getIdentityPoolId(); }`,
	"Client":               `public interface Client { String getInstallationId(); String getAppTitle(); String getAppVersionName(); String getAppVersionCode(); String getAppPackageName(); }`,
	"ClientContext":        `public interface ClientContext { Client getClient(); java.util.Map<String, String> getCustom(); java.util.Map<String, String> getEnvironment(); }`,
	"Context": `public interface Context { String getAwsRequestId(); String getLogGroupName(); String getLogStreamName(); String getFunctionName(); String getFunctionVersion();
		String getInvokedFunctionArn(); CognitoIdentity getIdentity(); ClientContext getClientContext(); int getRemainingTimeInMillis(); int getMemoryLimitInMB(); LambdaLogger getLogger(); }`,
}

// jar returns the newest of that name in the local Maven repository; empty for none.
func jar(group, name string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	found, err := filepath.Glob(filepath.Join(home, ".m2/repository", group, name, "*", name+"-*.jar"))
	if err != nil || len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return found[len(found)-1]
}

// javaFunction compiles the sources, by class name, and returns the function.
func javaFunction(t testing.TB, handler string, sources map[string]string, jars ...string) *Function {
	t.Helper()
	javac, err := exec.LookPath("javac")
	if err != nil {
		t.Skip("the program javac is not on PATH")
	}
	f := function(t, java, handler, nil)
	f.Memory = 512
	src := t.TempDir()
	args := []string{"--release", "17", "-d", f.Code}
	add := func(path, text string) {
		path = filepath.Join(src, path+".java")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	for name, text := range sources {
		add(name, text)
	}
	core := jar("com/amazonaws", "aws-lambda-java-core")
	if core == "" {
		t.Log("without aws-lambda-java-core in the local Maven repository: with interfaces of the same shape")
		for name, text := range coreInterfaces {
			add("com/amazonaws/services/lambda/runtime/"+name, "package com.amazonaws.services.lambda.runtime;\n"+text)
		}
	} else {
		jars = append(jars, core)
	}
	if err := os.MkdirAll(filepath.Join(f.Code, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, jar := range jars {
		if err := copyFile(jar, filepath.Join(f.Code, "lib", filepath.Base(jar))); err != nil {
			t.Fatal(err)
		}
	}
	args = append([]string{"-cp", strings.Join(append(jars, f.Code), ":")}, args...)
	if out, err := exec.Command(javac, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return f
}

const javaImports = "import com.amazonaws.services.lambda.runtime.*;\nimport java.util.*;\n"

func TestJava(t *testing.T) {
	t.Parallel()
	pojo := javaImports + `
		public class H implements RequestHandler<H.In, H.Out> {
			public enum Color { RED, GREEN }
			public static class In { private String name; public int count; private List<In> kids; private Map<String, Double> prices; public Color color;
				public String getName() { return name; } public void setName(String n) { name = n; }
				public List<In> getKids() { return kids; } public void setKids(List<In> k) { kids = k; }
				public void setPrices(Map<String, Double> p) { prices = p; } public Map<String, Double> getPrices() { return prices; } }
			public record Out(String greeting, int total, String nothing, Color color, double sum) {}
			public Out handleRequest(In in, Context c) {
				c.getLogger().log("for " + in.getName() + " in " + c.getFunctionName() + " " + c.getMemoryLimitInMB() + " " + (c.getRemainingTimeInMillis() > 0));
				System.out.println("printed");
				return new Out("hi " + in.getName(), in.count + in.getKids().get(0).count, null, in.color, in.getPrices().get("a"));
			}
		}`
	tests := []struct {
		name, handler, source, payload, want string
		failed                               bool
	}{
		{"objects", "H", pojo, `{"name":"Zo\u00eb","count":1,"kids":[{"count":2}],"prices":{"a":1.5},"color":"GREEN","unknown":1}`, `{"greeting":"hi Zoë","total":3,"color":"GREEN","sum":1.5}`, false},
		{"handleRequest by name", "H::handleRequest", ``, `{"kids":[{}],"prices":{"a":1}}`, `{"greeting":"hi null","total":0,"sum":1.0}`, false},
		{"map", "Maps", javaImports + `public class Maps implements RequestHandler<Map<String, Object>, Object> { public Object handleRequest(Map<String, Object> m, Context c) { return m; } }`, `{"a":[1,2.5,true,"x",{"b":12345678901}]}`, `{"a":[1,2.5,true,"x",{"b":12345678901}]}`, false},
		{"generic parent", "Generic", javaImports + `public class Generic extends Base<Integer> {} abstract class Base<T> implements RequestHandler<T, List<T>> { public List<T> handleRequest(T t, Context c) { return List.of(t, t); } }`, `4`, `[4,4]`, false},
		{"stream", "Streams", javaImports + `public class Streams implements RequestStreamHandler { public void handleRequest(java.io.InputStream in, java.io.OutputStream out, Context c) throws java.io.IOException { out.write('"'); in.transferTo(out); out.write('"'); } }`, `12`, `"12"`, false},
		{"method", "p.Twice::twice", "package p;\n" + javaImports + `public class Twice { public String twice(String s, Context c) { return s + s + c.getAwsRequestId().length(); } }`, `"ab"`, `"abab36"`, false},
		{"method without a context", "Ints::twice", javaImports + `public class Ints { public static int twice(int n) { return 2 * n; } }`, `21`, `42`, false},
		{"no event", "Nothing::nothing", javaImports + `public class Nothing { public void nothing() {} }`, `{}`, `null`, false},
		{"exception", "Fails", javaImports + `public class Fails implements RequestHandler<String, String> { public String handleRequest(String s, Context c) { throw new IllegalStateException("bad " + s, new RuntimeException("why")); } }`, `"x"`,
			`{"errorMessage":"bad x","errorType":"java.lang.IllegalStateException","stackTrace":["Fails.handleRequest(Fails.java:3)","Fails.handleRequest(Fails.java:3)"],"cause":{"errorMessage":"why","errorType":"java.lang.RuntimeException","stackTrace":["Fails.handleRequest(Fails.java:3)","Fails.handleRequest(Fails.java:3)"]}}`, true},
		{"wrong type", "Ints::twice", ``, `{"a":1}`, "`int` from Object value", true},
		{"no class", "Nosuch::x", ``, `{}`, `"errorMessage":"Class not found: Nosuch","errorType":"java.lang.ClassNotFoundException"`, true},
		{"no method", "H::x", ``, `{}`, `No public method named x with appropriate method signature found on class class H`, true},
		{"exit", "Exits::x", javaImports + `public class Exits { public void x() { System.exit(5); } }`, `{}`, `Runtime exited with error: exit status 5`, true},
		{"error in a static block", "Early::x", javaImports + `public class Early { static { if (true) throw new RuntimeException("early"); } public void x() {} }`, `{}`, `"errorMessage":"early"`, true},
	}
	sources := map[string]string{}
	for _, tt := range tests {
		if class, _, _ := strings.Cut(tt.handler, "::"); tt.source != "" {
			sources[strings.ReplaceAll(class, ".", "/")] = tt.source
		}
	}
	all := javaFunction(t, "", sources)
	b := newBench(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := *all
			f.Key, f.Handler = t.Name(), tt.handler
			for range 2 {
				r := b.call(t, &f, tt.payload)
				if got := string(r.Payload); !matches(got, tt.want) || r.Failed != tt.failed {
					t.Fatalf("got %s, failed %v\nwant %s, failed %v\nlog: %s", got, r.Failed, tt.want, tt.failed, r.Tail)
				}
				if tt.name == "objects" && (!strings.Contains(string(r.Tail), "for Zoë in f 512 true\nprinted\n")) {
					t.Errorf("the log is %s", r.Tail)
				}
			}
		})
	}
}

// The event types of AWS are read and written by the names that AWS has in JSON.
func TestJavaEvents(t *testing.T) {
	t.Parallel()
	events := jar("com/amazonaws", "aws-lambda-java-events")
	if events == "" {
		t.Skip("aws-lambda-java-events is not in the local Maven repository")
	}
	const imports = javaImports + "import com.amazonaws.services.lambda.runtime.events.*;\n"
	jars := []string{events}
	tests := []struct{ class, source, payload, want string }{
		{"Sqs", `public class Sqs implements RequestHandler<SQSEvent, SQSBatchResponse> { public SQSBatchResponse handleRequest(SQSEvent e, Context c) {
			SQSEvent.SQSMessage m = e.getRecords().get(0);
			return new SQSBatchResponse(List.of(new SQSBatchResponse.BatchItemFailure(m.getMessageId() + m.getBody() + m.getEventSourceArn() + m.getMessageAttributes().get("k").getStringValue()))); } }`,
			`{"Records":[{"messageId":"m","body":"b","eventSourceARN":"arn","messageAttributes":{"k":{"stringValue":"v","dataType":"String"}}}]}`,
			`{"batchItemFailures":[{"itemIdentifier":"mbarnv"}]}`},
		{"Http", `public class Http implements RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> { public APIGatewayV2HTTPResponse handleRequest(APIGatewayV2HTTPEvent e, Context c) {
			return APIGatewayV2HTTPResponse.builder().withStatusCode(201).withBody(e.getRequestContext().getHttp().getMethod() + e.getRawPath()).build(); } }`,
			`{"rawPath":"/x","requestContext":{"http":{"method":"PUT"}}}`,
			`{"statusCode":201,"body":"PUT/x","isBase64Encoded":false}`},
		{"Table", `public class Table implements RequestHandler<DynamodbEvent, String> { public String handleRequest(DynamodbEvent e, Context c) { var r = e.getRecords().get(0).getDynamodb();
			return r.getNewImage().get("a").getS() + r.getKeys().get("n").getN() + r.getApproximateCreationDateTime().getTime(); } }`,
			`{"Records":[{"eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"n":{"N":"1"}},"NewImage":{"a":{"S":"x"}}}}]}`,
			`"x11700000000000"`},
		{"Bucket", `public class Bucket implements RequestHandler<S3Event, String> { public String handleRequest(S3Event e, Context c) { var s = e.getRecords().get(0).getS3(); return s.getBucket().getName() + s.getObject().getKey(); } }`,
			`{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"b"},"object":{"key":"k","size":1}}}]}`, `"bk"`},
	}
	if joda := jar("joda-time", "joda-time"); joda != "" {
		jars = append(jars, joda)
	} else {
		tests = tests[:3] // that of S3 needs it
	}
	sources := map[string]string{}
	for _, tt := range tests {
		sources[tt.class] = imports + tt.source
	}
	all := javaFunction(t, "", sources, jars...)
	b := newBench(t)
	for _, tt := range tests {
		t.Run(tt.class, func(t *testing.T) {
			f := *all
			f.Key, f.Handler = tt.class, tt.class
			if r := b.call(t, &f, tt.payload); string(r.Payload) != tt.want {
				t.Errorf("got %s, want %s\n%s", r.Payload, tt.want, r.Tail)
			}
		})
	}
}

func BenchmarkJavaCold(b *testing.B) {
	f := javaFunction(b, "H::x", map[string]string{"H": `public class H { public int x() { return 1; } }`})
	w := newBench(b)
	for b.Loop() {
		r, err := w.Invoke(b.Context(), f, Invocation{RequestID: "r", Payload: []byte("1")})
		if err != nil || string(r.Payload) != "1" {
			b.Fatal(err, string(r.Payload), string(r.Tail))
		}
		w.Retire(func(*Function) bool { return true })
	}
}

// A virtual machine that was updated in its place takes no archive of the one before.
func TestJavaArchiveOfAnUpdate(t *testing.T) {
	t.Parallel()
	p := program{path: filepath.Join(t.TempDir(), "java"), version: "17"}
	if got := archive(task{}, p); got != "" {
		t.Errorf("without a virtual machine there is %s", got)
	}
	if err := os.WriteFile(p.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := archive(task{}, p)
	if err := os.Chtimes(p.path, javaTime, javaTime); err != nil {
		t.Fatal(err)
	}
	if after := archive(task{}, p); before == "" || after == "" || before == after {
		t.Errorf("got %q, then %q", before, after)
	}
}

// The archive of loaded classes is made where functions see the bootstrap, and is
// taken by the next virtual machine.
func TestJavaArchive(t *testing.T) {
	t.Parallel()
	all := javaFunction(t, "H::x", map[string]string{"H": `public class H { public Object x() throws Exception {
		return new String(java.nio.file.Files.readAllBytes(java.nio.file.Paths.get("/proc/self/maps"))).contains("classes-") + " " + ProcessHandle.current().info().arguments().map(a -> String.join(" ", a)).orElse(""); } }`})
	for name, open := range benches {
		t.Run(name, func(t *testing.T) {
			f := *all
			f.Key = t.Name()
			b := open(t)
			e, err := newEnvironment(t.Context(), b.Host, &f, false)
			if err != nil {
				t.Fatal(err)
			}
			defer e.close()
			s, err := e.launch(Credentials{})
			if err != nil {
				t.Fatal(err)
			}
			p, err := interpreter(java)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.makeArchive(s, p, filepath.Join(s.task.hostBootstraps, archive(s.task, p))); err != nil {
				t.Fatal(err)
			}
			r := b.call(t, &f, `{}`)
			if got, want := string(r.Payload), archive(s.task, p); !strings.Contains(got, want) || !strings.HasPrefix(got, `"true`) {
				t.Errorf("got %s, want it to name %s\n%s", got, want, r.Tail)
			}
		})
	}
}
