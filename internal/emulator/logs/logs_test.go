package logs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

func newService(t *testing.T) (*Service, *clock.Fake, context.Context) {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	s, err := New(&env.Env{Clock: c, Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s, c, env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
}

// errorOf is the code and the message of an AWS error, or "".
func errorOf(err error) string {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return ""
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

func TestAppend(t *testing.T) {
	t.Parallel()
	s, c, ctx := newService(t)
	if err := s.Append(ctx, "/aws/lambda/f", "2026/01/02/[$LATEST]abc", c.Now(), "START\n", "END\n"); err != nil {
		t.Fatal(err)
	}
	out, err := s.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: ptr("/aws/lambda/f"), LogStreamName: ptr("2026/01/02/[$LATEST]abc")})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Events) != 2 || *out.Events[0].Message != "START\n" || *out.Events[1].Message != "END\n" {
		t.Errorf("got %d events, want START and END", len(out.Events))
	}
}
