package secretsmanager

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// functions stand for the one that rotates secrets, as AWS's own templates do it.
type functions struct {
	made    chan string // the steps that were called
	service *Service
	fails   string // a step
	denied  bool
	during  func(step string) // is called within the step; may be nil
}

func (f *functions) Admits(context.Context, string) error {
	if f.denied {
		return errors.New("denied")
	}
	return nil
}

func (f *functions) InvokeFor(ctx context.Context, _ string, payload []byte) ([]byte, string, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, "", err
	}
	ctx = env.WithCaller(ctx, env.Caller{AccessKey: "of the function's role"})
	defer func() { f.made <- e.Step }()
	if f.during != nil {
		f.during(e.Step)
	}
	if e.Step == f.fails {
		return nil, "Unhandled", nil
	}
	var err error
	switch e.Step {
	case "createSecret":
		_, err = f.service.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &e.SecretID, ClientRequestToken: &e.ClientRequestToken, SecretString: ptr("rotated"), VersionStages: []string{pending}})
	case "finishSecret":
		var has *secretsmanager.DescribeSecretOutput
		if has, err = f.service.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &e.SecretID}); err != nil {
			break
		}
		for id, stages := range has.VersionIdsToStages {
			if slices.Contains(stages, current) {
				_, err = f.service.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{SecretId: &e.SecretID, VersionStage: ptr(current), MoveToVersionId: &e.ClientRequestToken, RemoveFromVersionId: &id})
			}
		}
	}
	return nil, "", err
}

// called waits for these steps, and until the rotation is over.
func (w *world) called(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for range want {
		got = append(got, <-w.calls.made)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the steps (-want +got):\n%s", diff)
	}
	w.work.Wait()
}

func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.calls.service = w.Service
	w.create(t, "s", "first")
	rotate := func(in secretsmanager.RotateSecretInput) string {
		in.SecretId = ptr("s")
		_, err := w.RotateSecret(w.ctx, &in)
		return errorOf(err)
	}
	if got, want := rotate(secretsmanager.RotateSecretInput{}), "InvalidRequestException: No Lambda rotation function ARN is associated with this secret."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	arn := ptr("arn:aws:lambda:eu-north-1:000000000000:function:f")
	w.calls.denied = true
	if got, want := rotate(secretsmanager.RotateSecretInput{RotationLambdaARN: arn}), "AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	w.calls.denied = false
	for rules, want := range map[types.RotationRulesType]string{
		{AutomaticallyAfterDays: ptr(int64(1001))}:        "InvalidParameterException: RotationRules.AutomaticallyAfterDays must be within 1-1000.",
		{ScheduleExpression: ptr("rate(213503983 days)")}: "InvalidParameterException: RotationRules.ScheduleExpression rate(213503983 days) is not emulated; rate expressions of 4 hours and more are, such as rate(10 days).",
		{ScheduleExpression: ptr("cron(0 8 * * ? *)")}:    "InvalidParameterException: RotationRules.ScheduleExpression cron(0 8 * * ? *) is not emulated; rate expressions of 4 hours and more are, such as rate(10 days).",
	} {
		if got := rotate(secretsmanager.RotateSecretInput{RotationLambdaARN: arn, RotationRules: &rules}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}

	if got := rotate(secretsmanager.RotateSecretInput{RotationLambdaARN: arn, ClientRequestToken: id("2"), RotationRules: &types.RotationRulesType{AutomaticallyAfterDays: ptr(int64(10))}}); got != "" {
		t.Fatal(got)
	}
	w.called(t, steps...)
	if diff := cmp.Diff([]string{"1 AWSPREVIOUS", "2 AWSCURRENT AWSPENDING"}, w.versions(t, "s")); diff != "" {
		t.Errorf("the versions (-want +got):\n%s", diff)
	}
	got, err := w.DescribeSecret(w.ctx, &secretsmanager.DescribeSecretInput{SecretId: ptr("s")})
	if err != nil {
		t.Fatal(err)
	}
	if next := w.clock.Now().Add(240 * time.Hour); !*got.RotationEnabled || *got.RotationLambdaARN != *arn || !got.LastRotatedDate.Equal(w.clock.Now()) || !got.NextRotationDate.Equal(next) {
		t.Errorf("got %+v, want a rotation now and one at %s", got, next)
	}

	w.clock.Advance(240 * time.Hour) // by the schedule
	w.called(t, steps...)
	if got := len(w.versions(t, "s")); got != 2 {
		t.Errorf("got %d versions, want 2", got)
	}

	w.calls.fails = "testSecret"
	if got := rotate(secretsmanager.RotateSecretInput{ClientRequestToken: id("4")}); got != "" {
		t.Fatal(got)
	}
	w.called(t, steps[:3]...)
	w.calls.fails = ""
	if got, want := rotate(secretsmanager.RotateSecretInput{ClientRequestToken: id("5")}), "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	w.called(t, steps...)
	if got := w.versions(t, "s"); got[len(got)-1] != "4 AWSCURRENT AWSPENDING" {
		t.Errorf("got %v, want that 4 is the current one", got)
	}

	if got := rotate(secretsmanager.RotateSecretInput{ClientRequestToken: id("6"), RotateImmediately: ptr(false)}); got != "" {
		t.Fatal(got)
	}
	w.called(t, "testSecret")
	if got := w.versions(t, "s"); slices.Contains(got, "6 AWSPENDING") {
		t.Errorf("got %v, want nothing of the test", got)
	}
	if _, err := w.CancelRotateSecret(w.ctx, &secretsmanager.CancelRotateSecretInput{SecretId: ptr("s")}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(1000 * time.Hour)
	w.work.Wait()
	if n := len(w.calls.made); n != 0 {
		t.Errorf("%d steps were called after the rotation was canceled", n)
	}
}

func TestRotationGoesOnAfterRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, "s", "first")
	// As a process that ended in the middle left it.
	err := w.env.Store.Update(func(tx *store.Tx) error {
		x, _ := w.secrets.Get(tx, env.ScopeOf(w.ctx).Key("s"))
		x.add(version{ID: *id("2")})
		x.move(pending, *id("2"))
		x.Rotation = &rotation{Enabled: true, Function: "arn:aws:lambda:eu-north-1:000000000000:function:f", Token: *id("2")}
		w.secrets.Put(tx, x.key(), x)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.calls.service = w.Service
	if err := w.Resume(); err != nil {
		t.Fatal(err)
	}
	w.called(t, steps...)
	if diff := cmp.Diff([]string{"1 AWSPREVIOUS", "2 AWSCURRENT AWSPENDING"}, w.versions(t, "s")); diff != "" {
		t.Errorf("the versions (-want +got):\n%s", diff)
	}
}

// A rotation that is asked for while the function still works for another call is not
// forgotten.
func TestRotationDuringTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.calls.service = w.Service
	w.create(t, "s", "first")
	asked := ""
	w.calls.during = func(string) {
		w.calls.during = nil
		_, err := w.RotateSecret(w.ctx, &secretsmanager.RotateSecretInput{SecretId: ptr("s"), ClientRequestToken: id("3")})
		asked = errorOf(err)
	}
	_, err := w.RotateSecret(w.ctx, &secretsmanager.RotateSecretInput{
		SecretId: ptr("s"), ClientRequestToken: id("2"), RotateImmediately: ptr(false), RotationLambdaARN: ptr("arn:aws:lambda:eu-north-1:000000000000:function:f"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.called(t, append([]string{"testSecret"}, steps...)...)
	if want := "InvalidRequestException: A previous rotation isn't complete. That rotation will be reattempted."; asked != want {
		t.Errorf("got %q, want %q", asked, want)
	}
	if diff := cmp.Diff([]string{"1 AWSPREVIOUS", "2 AWSCURRENT AWSPENDING"}, w.versions(t, "s")); diff != "" {
		t.Errorf("the versions (-want +got):\n%s", diff)
	}
}

// The schedule goes on after a rotation that could not begin.
func TestScheduleAfterFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.calls.service = w.Service
	w.create(t, "s", "first")
	_, err := w.RotateSecret(w.ctx, &secretsmanager.RotateSecretInput{
		SecretId: ptr("s"), ClientRequestToken: id("2"), RotationLambdaARN: ptr("arn:aws:lambda:eu-north-1:000000000000:function:f"),
		RotationRules: &types.RotationRulesType{ScheduleExpression: ptr("rate(4 hours)")},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.called(t, steps...)
	w.calls.denied = true
	w.clock.Advance(4 * time.Hour)
	w.called(t)
	w.calls.denied = false
	w.clock.Advance(4 * time.Hour)
	w.work.Wait()
	if n := len(w.calls.made); n != len(steps) {
		t.Errorf("%d steps were called, want %d", n, len(steps))
	}
}
