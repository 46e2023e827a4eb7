// Package env is what the emulator gives to each of its services: time, storage,
// a place for files, the addresses to hand out, and who is calling. It must not
// know any service.
package env

import (
	"context"
	"log/slog"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// An Env is the surroundings of one emulator.
type Env struct {
	Clock clock.Clock
	Store *store.Store
	Log   *slog.Logger
	// Dir holds files: the data_dir, or a temporary folder of an emulator in
	// memory, which is removed when the emulator closes.
	Dir string
	// URL returns the address at which the emulator answers, such as
	// "http://127.0.0.1:4566", without a trailing slash. An emulator in process
	// starts to listen at the first call.
	URL func() (string, error)
	// Main is the path of this project's binary, for parts that start it again;
	// empty where there is none, as in Go tests.
	Main string
}

// Partition is the only AWS partition that the emulator has.
const Partition = "aws"

// A Scope is the account and the region that a request is for.
type Scope struct{ Account, Region string }

// ARN returns the name of a resource of this scope, such as
// arn:aws:lambda:eu-north-1:000000000000:function:f.
func (s Scope) ARN(service, resource string) string {
	return "arn:" + Partition + ":" + service + ":" + s.Region + ":" + s.Account + ":" + resource
}

// SessionARN is the ARN of a session of a role: it has the role's name without its path.
func SessionARN(role, session string) string {
	account, name, _ := strings.Cut(role, ":role/")
	return strings.Replace(account, ":iam:", ":sts:", 1) + ":assumed-role/" + name[strings.LastIndex(name, "/")+1:] + "/" + session
}

// Key returns a store key within this scope. Parts must not hold a NUL.
func (s Scope) Key(parts ...string) string {
	return s.Account + "\x00" + s.Region + "\x00" + strings.Join(parts, "\x00")
}

// RegionOf returns the region of a store key that [Scope.Key] made, or of its
// first two parts.
func RegionOf(key string) string {
	_, rest, _ := strings.Cut(key, "\x00")
	region, _, _ := strings.Cut(rest, "\x00")
	return region
}

// A Caller is who makes a request.
type Caller struct {
	// ARN of the user, of the assumed role's session, or of the service.
	ARN string
	// UserID is what GetCallerIdentity returns for it.
	UserID string
	// AccessKey is the access key id that signed the request; empty when the
	// call comes from another emulated service.
	AccessKey string
	// Service is the service principal, such as "apigateway.amazonaws.com", when
	// another emulated service calls; else empty.
	Service string
	// SourceARN and SourceAccount are the resource on whose behalf a service calls.
	SourceARN, SourceAccount string
}

type (
	scopeKey  struct{}
	callerKey struct{}
	traceKey  struct{}
)

// WithTrace returns a context for requests that belong to a trace: header is the
// value of X-Amzn-Trace-Id, which functions send along with what they ask for.
func WithTrace(ctx context.Context, header string) context.Context {
	return context.WithValue(ctx, traceKey{}, header)
}

// TraceOf returns the trace header of the request; empty where there is none.
func TraceOf(ctx context.Context) string {
	header, _ := ctx.Value(traceKey{}).(string)
	return header
}

// WithScope returns a context for requests to that account and region.
func WithScope(ctx context.Context, s Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// ScopeOf returns the context's scope. It panics where there is none: the
// emulator's entry sets one for every request.
func ScopeOf(ctx context.Context) Scope { return ctx.Value(scopeKey{}).(Scope) }

// WithCaller returns a context for requests made by c.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns who is calling; the zero Caller where nobody was named.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
