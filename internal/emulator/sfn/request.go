package sfn

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// maxCause is how many bytes of an answer become the cause of a failure.
const maxCause = 32_768

// requestMethods are the HTTP methods of tasks.
var requestMethods = []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"}

// wrong is the failure of a task whose parameters cannot be used. It is not caught.
func wrong(format string, args ...any) *run.Failure {
	f := run.Fails("States.Runtime", fmt.Sprintf(format, args...))
	return &f
}

// arguments are the parameters of a task that makes a request.
type arguments struct{ *jsonvalue.Object }

// check refuses parameters that there are not, and the lack of those that must be.
func (a arguments) check(required []string, others ...string) *run.Failure {
	for name := range a.All() {
		if !slices.Contains(required, name) && !slices.Contains(others, name) {
			return wrong("The field '%s' is not supported by Step Functions", name)
		}
	}
	for _, name := range required {
		if _, ok := a.Get(name).(string); !ok {
			return wrong("The field '%s' is required and must be a text", name)
		}
	}
	if m, _ := a.Get("Method").(string); !slices.Contains(requestMethods, m) {
		return wrong("The field 'Method' must be one of %s, not '%s'", strings.Join(requestMethods, ", "), m)
	}
	return nil
}

// only refuses members of a name that is given that are none of these, and what is no
// object. It returns nil for what is not given.
func (a arguments) only(name string, members ...string) (*jsonvalue.Object, *run.Failure) {
	switch v := a.Get(name).(type) {
	case nil, jsonvalue.Null:
		return nil, nil
	case *jsonvalue.Object:
		for member := range v.All() {
			if !slices.Contains(members, member) {
				return nil, wrong("The field '%s' of '%s' is not supported by Step Functions", member, name)
			}
		}
		return v, nil
	}
	return nil, wrong("The field '%s' must be an object", name)
}

// texts refuses members that are given and no texts.
func (a arguments) texts(names ...string) *run.Failure {
	for _, name := range names {
		switch a.Get(name).(type) {
		case nil, jsonvalue.Null, string:
		default:
			return wrong("The field '%s' must be a text", name)
		}
	}
	return nil
}

// text is a member that is a text, or "".
func (a arguments) text(name string) string {
	s, _ := a.Get(name).(string)
	return s
}

// lists are the values by name of a member such as Headers: texts, numbers, truth
// values, or lists of these.
func (a arguments) lists(member string) (names []string, values map[string][]string, failure *run.Failure) {
	values = map[string][]string{}
	switch v := a.Get(member).(type) {
	case nil, jsonvalue.Null:
		return nil, values, nil
	case *jsonvalue.Object:
		for name, given := range v.All() {
			all, list := given.([]any)
			if !list {
				all = []any{given}
			}
			for _, one := range all {
				switch one := one.(type) {
				case string:
					values[name] = append(values[name], one)
				case *jsonvalue.Object, []any:
					return nil, nil, wrong("The values of the field '%s' must be texts or lists of texts", member)
				default:
					values[name] = append(values[name], textOf(one))
				}
			}
			names = append(names, name)
		}
		return names, values, nil
	}
	return nil, nil, wrong("The field '%s' must be an object", member)
}

// headers are those of the task, without those that it must not set: full names, or
// beginnings that end with an asterisk.
func (a arguments) headers(forbidden []string) (http.Header, *run.Failure) {
	names, values, failure := a.lists("Headers")
	if failure != nil {
		return nil, failure
	}
	h := http.Header{}
	for _, name := range names {
		for _, no := range forbidden {
			begin, some := strings.CutSuffix(no, "*")
			if strings.EqualFold(name, no) || some && len(name) >= len(begin) && strings.EqualFold(name[:len(begin)], begin) {
				return nil, wrong("The header '%s' is not allowed", name)
			}
		}
		for _, v := range values[name] {
			h.Add(name, v)
		}
	}
	return h, nil
}

// queryOf writes parameters as the query of a URL, with %20 for blanks.
func queryOf(names []string, values map[string][]string) string {
	var pairs []string
	for _, name := range names {
		for _, v := range values[name] {
			pairs = append(pairs, escape(name)+"="+escape(v))
		}
	}
	return strings.Join(pairs, "&")
}

func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// reply is what a server answered. A body is as long as a result may be, and not much
// longer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// result is the output of a task that made a request.
func (r *reply) result() string {
	headers := jsonvalue.NewObject(len(r.header))
	names := make([]string, 0, len(r.header))
	for name := range r.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		list := make([]any, 0, 1)
		for _, v := range r.header[name] {
			list = append(list, v)
		}
		headers.Set(name, list)
	}
	var body any = string(r.body)
	if v, err := jsonvalue.Parse(r.body); err == nil {
		body = v
	}
	return textOf(jsonvalue.ObjectOf("Headers", headers, "ResponseBody", body, "StatusCode", float64(r.status), "StatusText", http.StatusText(r.status)))
}

// outcome is the result, or the failure of a status that is none of success: its
// name begins so, and its cause is the body.
func (r *reply) outcome(prefix string) (string, *run.Failure) {
	if r.status/100 == 2 {
		return r.result(), nil
	}
	cause := string(r.body)
	if len(cause) > maxCause {
		cause = strings.ToValidUTF8(cause[:maxCause], "")
	}
	f := run.Fails(prefix+strconv.Itoa(r.status), cause)
	return "", &f
}

// readable refuses an answer that is no text.
func (r *reply) readable() *run.Failure {
	kind := strings.ToLower(r.header.Get("Content-Type"))
	for _, binary := range []string{"application/octet-stream", "image/", "video/", "audio/"} {
		if strings.HasPrefix(kind, binary) {
			return wrong("The response has the content type %s, which is not supported", kind)
		}
	}
	if len(r.body) <= run.MaxPayload && !utf8.Valid(r.body) { // a longer one is cut anywhere
		return wrong("The response cannot be read as a text")
	}
	return nil
}

// exchange is a request and its answer as TestState shows them. What a connection
// adds to the request is shown where that is asked for. A request that has timed out
// may be noted while it is shown.
type exchange struct {
	reveal   bool
	mu       sync.Mutex
	request  *types.InspectionDataRequest
	response *types.InspectionDataResponse
}

type exchangeKey struct{}

// exchangeOf is what the request of a trial is noted in, or nil.
func exchangeOf(ctx context.Context) *exchange {
	e, _ := ctx.Value(exchangeKey{}).(*exchange)
	return e
}

// sent notes a request.
func (e *exchange) sent(r *http.Request, body string) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.request = &types.InspectionDataRequest{
		Protocol: ptr(r.URL.Scheme), Method: ptr(r.Method), Url: ptr(r.URL.String()), Headers: ptr(headerText(r.Header)), Body: some(body),
	}
}

// got notes an answer.
func (e *exchange) got(scheme string, r *reply) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.response = &types.InspectionDataResponse{
		Protocol: &scheme, StatusCode: ptr(strconv.Itoa(r.status)), StatusMessage: some(http.StatusText(r.status)), Headers: ptr(headerText(r.header)), Body: some(string(r.body)),
	}
}

// show adds what was noted to what is shown.
func (e *exchange) show(out *types.InspectionData) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	out.Request, out.Response = e.request, e.response
}

// headerText are headers as AWS shows them: [a: 1, b: 2].
func headerText(h http.Header) string {
	var all []string
	for name, values := range h {
		for _, v := range values {
			all = append(all, name+": "+v)
		}
	}
	slices.Sort(all)
	return "[" + strings.Join(all, ", ") + "]"
}
