package functionurl_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/functionurl"
)

// stage is one URL whose function answers with a text, and whose signatures are all
// refused with that error.
type stage struct {
	url     functionurl.URL
	answer  string
	refusal error
	logs    strings.Builder
}

func (s *stage) URL(string) (*functionurl.URL, bool) { return &s.url, true }

func (s *stage) InvokeURL(_ context.Context, c functionurl.Call) (bool, error) {
	contentType := ""
	if s.url.Stream {
		contentType = "application/vnd.awslambda.http-integration-response"
	}
	_, err := io.WriteString(c.Stream(contentType), s.answer)
	return false, err
}

func (s *stage) Verify(*http.Request, []byte) (env.Caller, error) { return env.Caller{}, s.refusal }

// get sends a request to the URL and returns the answer and its body.
func (s *stage) get(t *testing.T) (*http.Response, string) {
	t.Helper()
	e := &env.Env{Clock: clock.Real, Log: slog.New(slog.NewTextHandler(&s.logs, nil))}
	server := httptest.NewUnstartedServer(functionurl.New(e, s, s, s))
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&s.logs, nil), slog.LevelError)
	server.Start()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+functionurl.PathPrefix+"id/", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	server.Close()
	return res, string(body)
}

// A status that has no body gets none, and is no failure of the function.
func TestNoBody(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{false, true} {
		for _, status := range []string{"204", "304"} {
			answer := `{"statusCode":` + status + `,"body":"x"}`
			if stream {
				answer = `{"statusCode":` + status + `}` + strings.Repeat("\x00", 8) + "x"
			}
			s := &stage{url: functionurl.URL{ID: "id", Stream: stream}, answer: answer}
			res, body := s.get(t)
			if !strings.HasPrefix(res.Status, status) || body != "" || s.logs.Len() > 0 || status == "204" && res.Header.Get("Content-Length") != "" {
				t.Errorf("stream %v: got %s %q, %v, and the log says %q", stream, res.Status, body, res.Header, s.logs.String())
			}
		}
	}
}

// Whatever an error says, the answer is JSON.
func TestRefusal(t *testing.T) {
	t.Parallel()
	const message = "a\x01b\"\\\u200b\U000e0001"
	s := &stage{url: functionurl.URL{ID: "id", IAM: true}, refusal: &smithy.GenericAPIError{Code: "X", Message: message}}
	res, body := s.get(t)
	var got struct{ Message string }
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.Message != message || res.StatusCode != http.StatusForbidden {
		t.Errorf("got %d %s, %v", res.StatusCode, body, err)
	}
}

// A body that is larger than an event does not reach the function.
func TestLongBody(t *testing.T) {
	t.Parallel()
	s := &stage{url: functionurl.URL{ID: "id"}, answer: `"reached"`}
	w := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, functionurl.PathPrefix+"id/", strings.NewReader(strings.Repeat("x", 6<<20+1)))
	functionurl.New(&env.Env{Clock: clock.Real, Log: slog.New(slog.DiscardHandler)}, s, s, s).ServeHTTP(w, req)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
