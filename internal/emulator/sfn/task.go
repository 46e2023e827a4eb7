package sfn

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// perform does the work of a task, and tells the execution.
func (s *Service) perform(ctx context.Context, l *live, task run.Task) {
	role := l.record.Frozen.Role
	if o, ok := task.Credentials.(*jsonvalue.Object); ok {
		if arn, ok := o.Get("RoleArn").(string); ok {
			role = arn
		}
	}
	ctx = s.working(ctx, &l.record, role)
	if task.Started {
		ctx = context.WithValue(ctx, onceMore{}, true)
	}
	if l.exchange != nil {
		ctx = context.WithValue(ctx, exchangeKey{}, l.exchange)
	}
	if task.Resource.Kind == asl.Activity {
		if !task.Started { // else a worker has it since before a restart
			s.offer(task.Resource.ARN, offer{token: task.Token, input: textOf(task.Input)})
		}
		return
	}
	l.mu.Lock()
	submitted, nested := l.record.Submitted[task.ID], l.record.Nested[task.ID]
	l.mu.Unlock()
	switch { // handed over before a restart
	case submitted == "":
	case task.Resource.Pattern != asl.WaitForTaskToken:
		s.await(ctx, l, task, submitted)
		return
	case submitted == task.Token:
		return
	}
	l.poke(func(x *run.Execution) { x.TaskStarted(task.ID, "") })
	output, failure := s.call(ctx, &l.record, role, task, nested)
	if ctx.Err() != nil {
		return // it was given up, or the emulator closes
	}
	switch r := task.Resource; {
	case failure != nil:
		l.poke(func(x *run.Execution) { x.TaskFailed(task.ID, *failure) })
	case r.Pattern == asl.WaitForTaskToken:
		l.poke(func(x *run.Execution) {
			l.record.Submitted[task.ID] = task.Token
			x.TaskSubmitted(task.ID, output)
		})
	case r.Pattern != asl.RequestResponse:
		l.poke(func(x *run.Execution) {
			l.record.Submitted[task.ID] = output
			x.TaskSubmitted(task.ID, output)
		})
		s.await(ctx, l, task, output)
	default:
		l.poke(func(x *run.Execution) { x.TaskSucceeded(task.ID, output) })
	}
}

// working is the context of an execution's calls, in a role.
func (s *Service) working(ctx context.Context, e *execution, role string) context.Context {
	ctx = env.WithCaller(env.WithScope(ctx, e.Scope), env.Caller{ARN: env.SessionARN(role, e.Name)})
	if e.Trace != "" {
		ctx = env.WithTrace(ctx, e.Trace)
	}
	return ctx
}

// call makes the call of a task of an execution, in a role.
func (s *Service) call(ctx context.Context, e *execution, role string, task run.Task, nested string) (string, *run.Failure) {
	if task.Resource.Kind == asl.Function {
		return s.invoke(ctx, task.Resource.ARN, task.Input)
	}
	params, ok := task.Input.(*jsonvalue.Object)
	if !ok {
		f := run.Fails("States.Runtime", "The parameters of a task must be an object")
		return "", &f
	}
	switch task.Resource.Service {
	case "http":
		return s.invokeHTTP(ctx, params)
	case "apigateway":
		return s.invokeAPI(ctx, e, role, params)
	}
	t, operation, _ := targetOf(task.Resource)
	params = texts(params, t.nested)
	isSDK := strings.HasPrefix(task.Resource.Service, "aws-sdk:")
	if task.Resource.Service == "states" && params.Get("Name") == nil {
		params.Set("Name", nested)
	}
	prepare(params, t, operation, isSDK)
	if t.pkg == "eventbridge" && !isSDK {
		params = attributed(params, e)
	}
	if queue, ok := params.Get("QueueUrl").(string); ok && t.pkg == "sqs" && !isSDK { // AWS's client calls the URL itself
		if u, err := url.Parse(queue); err == nil && strings.Count(u.Path, "/") < 2 {
			f := run.Fails("SQS.SdkClientException", "Unable to execute HTTP request: "+u.Host+": Name or service not known")
			return "", &f
		}
	}
	a, err := s.Calls.Call(ctx, t.pkg, operation, jsonvalue.Marshal(params))
	if err != nil {
		return "", s.failed(t, err, isSDK)
	}
	if isSDK && (t.pkg != "s3" || operation != "GetObject") {
		return string(a.Output), nil
	}
	v, err := jsonvalue.Parse(a.Output)
	o, ok := v.(*jsonvalue.Object)
	if err != nil || !ok {
		f := run.Fails("States.Runtime", "The service's answer is no JSON object")
		return "", &f
	}
	switch t.pkg {
	case "s3":
		if o.Get("Metadata") == nil {
			o.Set("Metadata", jsonvalue.NewObject(0))
		}
		return textOf(o), nil
	case "lambda":
		if f := functionError(o); f != nil {
			if v, err := jsonvalue.Parse([]byte(*f.Cause)); err == nil { // which it has read, unlike that of a function's ARN
				f.Cause = ptr(textOf(v))
			}
			return "", f
		}
		if text, ok := o.Get("Payload").(string); ok {
			if payload, err := jsonvalue.Parse([]byte(text)); err == nil {
				o.Set("Payload", payload)
			}
		}
	case "eventbridge":
		if n, _ := jsonvalue.Float(o.Get("FailedEntryCount")); n > 0 {
			f := run.Fails("EventBridge.FailedEntry", textOf(o))
			return "", &f
		}
	}
	if !t.bare {
		s.metadata(o, t, a)
	}
	return textOf(o), nil
}

// prepare makes of parameters what AWS's client for Java sends.
func prepare(params *jsonvalue.Object, t target, operation string, isSDK bool) {
	switch {
	case t.pkg == "lambda" && operation == "Invoke" && !isSDK:
		switch v := params.Get("Payload").(type) {
		case nil, jsonvalue.Null:
			params.Set("Payload", "{}")
		case string: // is JSON itself
		default:
			params.Set("Payload", textOf(v))
		}
	case t.pkg == "s3" && operation == "PutObject" && params.Get("Body") != nil:
		body := textOf(params.Get("Body")) // a text, too, is written as JSON, with its quotes
		params.Set("Body", body)
		if params.Get("ContentType") == nil {
			params.Set("ContentType", "text/plain; charset=UTF-8")
		}
		sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body)))
		params.Set("ChecksumCRC32", base64.StdEncoding.EncodeToString(sum))
	case t.pkg == "sfn" && !isSDK && params.Get("Input") == "null":
		params.Delete("Input")
	}
}

// attributed adds to the resources of events the state machine and the execution that
// they are from.
func attributed(params *jsonvalue.Object, e *execution) *jsonvalue.Object {
	entries, _ := params.Get("Entries").([]any)
	all := make([]any, len(entries))
	for i, v := range entries {
		if o, ok := v.(*jsonvalue.Object); ok {
			given, _ := o.Get("Resources").([]any)
			o = o.Clone()
			o.Set("Resources", append(slices.Clone(given), e.Machine, e.ARN))
			v = o
		}
		all[i] = v
	}
	if len(entries) > 0 {
		params.Set("Entries", all)
	}
	return params
}

// texts is a copy of parameters in which the named ones, also those within lists,
// are texts.
func texts(o *jsonvalue.Object, names []string) *jsonvalue.Object {
	out := jsonvalue.NewObject(o.Len())
	for k, v := range o.All() {
		for _, name := range names {
			if _, text := v.(string); k == name && !text {
				v = textOf(v)
			}
		}
		if items, ok := v.([]any); ok && len(names) > 0 {
			list := make([]any, len(items))
			for i, item := range items {
				if inner, ok := item.(*jsonvalue.Object); ok {
					item = texts(inner, names)
				}
				list[i] = item
			}
			v = list
		}
		out.Set(k, v)
	}
	return out
}

// metadata adds what AWS tells of the answer over HTTP: headers of which it has the
// spelling of its services.
func (s *Service) metadata(o *jsonvalue.Object, t target, a wire.Answer) {
	id := a.Header.Get("X-Amzn-Requestid")
	all := map[string]string{
		"Content-Length": a.Header.Get("Content-Length"), "Content-Type": a.Header.Get("Content-Type"), "Date": s.now().Format(http.TimeFormat), "x-amzn-RequestId": id,
	}
	switch t.pkg {
	case "lambda":
		all["Connection"], all["x-amzn-Remapped-Content-Length"], all["Content-Type"] = "keep-alive", "0", "application/json"
		all["X-Amz-Executed-Version"] = a.Header.Get("X-Amz-Executed-Version")
		all["X-Amzn-Trace-Id"] = "Root=1-" + strconv.FormatInt(s.now().Unix(), 16) + "-" + strings.ReplaceAll(uuid.NewString(), "-", "")[:24]
	case "dynamodb":
		all["Connection"], all["Server"], all["x-amz-crc32"] = "keep-alive", "Server", a.Header.Get("X-Amz-Crc32")
	default:
		all["connection"] = "keep-alive"
	}
	one, lists := jsonvalue.NewObject(len(all)), jsonvalue.NewObject(len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		one.Set(name, all[name])
		lists.Set(name, []any{all[name]})
	}
	o.Set("SdkHttpMetadata", jsonvalue.ObjectOf("AllHttpHeaders", lists, "HttpHeaders", one, "HttpStatusCode", float64(a.Status)))
	o.Set("SdkResponseMetadata", jsonvalue.ObjectOf("RequestId", id))
}

// invoke calls a function by its ARN: its result is the task's.
func (s *Service) invoke(ctx context.Context, arn string, input any) (string, *run.Failure) {
	params := jsonvalue.ObjectOf("FunctionName", arn, "Payload", textOf(input))
	a, err := s.Calls.Call(ctx, "lambda", "Invoke", jsonvalue.Marshal(params))
	if err != nil {
		return "", s.failed(optimized["lambda"], err, false)
	}
	v, _ := jsonvalue.Parse(a.Output)
	o, ok := v.(*jsonvalue.Object)
	if !ok {
		return "null", nil
	}
	if f := functionError(o); f != nil {
		return "", f
	}
	if text, _ := o.Get("Payload").(string); text != "" {
		return text, nil
	}
	return "null", nil
}

// functionError is the failure of a function that raised an error.
func functionError(o *jsonvalue.Object) *run.Failure {
	if how, _ := o.Get("FunctionError").(string); how == "" {
		return nil
	}
	payload, _ := o.Get("Payload").(string)
	name := "Lambda.Unknown"
	if v, err := jsonvalue.Parse([]byte(payload)); err == nil {
		if e, ok := v.(*jsonvalue.Object); ok {
			if t, ok := e.Get("errorType").(string); ok {
				name = t
			}
		}
	}
	f := run.Fails(name, payload)
	return &f
}

// ofS3 are the errors of S3's model, which the answers of S3 do not tell from others.
var ofS3 = []string{
	"BucketAlreadyExists", "BucketAlreadyOwnedByYou", "InvalidObjectState", "NoSuchBucket", "NoSuchKey", "NoSuchUpload",
	"ObjectAlreadyInActiveTierError", "ObjectNotInActiveTierError",
}

// failed is the failure of a call that AWS refused.
func (s *Service) failed(t target, err error, isSDK bool) *run.Failure {
	var aws *wire.LocalError
	if !errors.As(err, &aws) { // not of AWS's kind: a defect here, or the emulator closes
		s.env.Log.Error("a task's call went wrong", "service", t.pkg, "error", err)
		aws = &wire.LocalError{Code: "InternalServerError", Message: "The request processing has failed because of an unknown error, exception or failure.", Status: 500}
	}
	name := aws.Type
	if !aws.Modeled && t.pkg == "s3" && slices.Contains(ofS3, aws.Code) {
		name, aws.Modeled = aws.Code, true
	}
	if !aws.Modeled {
		name = t.prefix + "Exception"
		if !isSDK {
			name = strings.TrimPrefix(strings.TrimPrefix(t.name, "AWS"), "Amazon")
			name = "Amazon" + strings.TrimSuffix(name, "v2") + "Exception"
		}
	} else if !strings.HasSuffix(name, "Exception") {
		name += "Exception"
	}
	id := uuid.NewString()
	cause := fmt.Sprintf("%s (Service: %s; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)", aws.Message, t.name, aws.Status, aws.Code, id)
	if isSDK {
		cause = fmt.Sprintf("%s (Service: %s, Status Code: %d, Request ID: %s)", aws.Message, t.prefix, aws.Status, id)
	}
	f := run.Fails(t.prefix+"."+name, cause)
	return &f
}

// await waits for the end of an execution that a task started.
func (s *Service) await(ctx context.Context, l *live, task run.Task, started string) {
	var out struct{ ExecutionArn string }
	_ = json.Unmarshal([]byte(started), &out)
	e, err := s.execution(out.ExecutionArn)
	if err == nil {
		if inner := s.running(e.key()); inner != nil {
			select {
			case <-inner.done:
			case <-ctx.Done():
				if s.alive.Err() == nil { // the task was given up
					inner.poke(func(x *run.Execution) { x.Stop(run.Failure{}) })
				}
				return
			}
		}
		e, err = s.execution(out.ExecutionArn)
	}
	if err != nil {
		l.poke(func(x *run.Execution) { x.TaskFailed(task.ID, run.Fails("States.TaskFailed", err.Error())) })
		return
	}
	parsed := task.Resource.Pattern == asl.Sync2
	text := textOf(summary(&e, parsed))
	if e.Status == string(run.Succeeded) {
		l.poke(func(x *run.Execution) { x.TaskSucceeded(task.ID, text) })
		return
	}
	l.poke(func(x *run.Execution) { x.TaskFailed(task.ID, run.Fails("States.TaskFailed", text)) })
}

// summary is what a task learns of the execution that it waited for.
func summary(e *execution, parsed bool) *jsonvalue.Object {
	data := func(text string) any {
		if v, err := jsonvalue.Parse([]byte(text)); err == nil && parsed {
			return v
		}
		return text
	}
	o := jsonvalue.ObjectOf("ExecutionArn", e.ARN, "Input", data(e.Input), "InputDetails", jsonvalue.ObjectOf("Included", true), "Name", e.Name)
	if e.Status == string(run.Succeeded) {
		o.Set("Output", data(e.Output))
		o.Set("OutputDetails", jsonvalue.ObjectOf("Included", true))
	}
	if e.Error != nil {
		o.Set("Error", *e.Error)
	}
	if e.Cause != nil {
		o.Set("Cause", *e.Cause)
	}
	o.Set("RedriveCount", float64(e.Redrives))
	o.Set("StartDate", float64(e.Start.UnixMilli()))
	o.Set("StateMachineArn", e.Machine)
	o.Set("Status", e.Status)
	o.Set("StopDate", float64(e.Stop.UnixMilli()))
	return o
}

func textOf(v any) string { return string(jsonvalue.Marshal(v)) }
