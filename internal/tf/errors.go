package tf

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// Gone returns a test for a type's Gone: the error is an E and comes from one of
// the operations, which are the one that gets the object and the one that deletes
// it. A missing part of the object, a proxy's 404 or a wrong endpoint is none.
// [ErrGone] counts always.
func Gone[E error](operations ...string) func(error) bool {
	return func(err error) bool {
		var op *smithy.OperationError
		return errors.Is(err, ErrGone) || Is[E](err) && errors.As(err, &op) && slices.Contains(operations, op.Operation())
	}
}

// ErrGone is what a Read returns for an object that AWS still shows while it is
// being deleted.
var ErrGone = errors.New("the object is being deleted")

// Is reports whether err is or wraps an E.
func Is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// Says reports whether err is an AWS error of that code whose message contains
// text; an empty text accepts any.
func Says(err error, code, text string) bool {
	var e smithy.APIError
	return errors.As(err, &e) && e.ErrorCode() == code && strings.Contains(e.ErrorMessage(), text)
}

// An AttributeError is an error that belongs to one attribute of the resource.
type AttributeError struct {
	Path path.Path
	Err  error
}

// At says that err is about the attribute at p.
func At(p path.Path, err error) error { return &AttributeError{Path: p, Err: err} }

func (e *AttributeError) Error() string { return e.Path.String() + ": " + e.Err.Error() }

// Unwrap returns the error itself.
func (e *AttributeError) Unwrap() error { return e.Err }

// A Problem is an error that carries its own diagnostic: what is wrong, and why
// and what to do.
type Problem struct{ Summary, Detail string }

func (p *Problem) Error() string { return p.Summary + ": " + p.Detail }

// report adds err to ds. The summary says what could not be done, the detail what
// AWS or the type answered.
func report(ds *diag.Diagnostics, doing string, err error) {
	var at *AttributeError
	var own *Problem
	summary, detail := "Cannot "+doing, detailOf(err)
	if errors.As(err, &own) {
		summary, detail = own.Summary, own.Detail
	}
	if errors.As(err, &at) {
		ds.AddAttributeError(at.Path, summary, detail)
		return
	}
	ds.AddError(summary, detail)
}

// detailOf renders an error for people: AWS's code and message instead of the
// SDK's chain, and the context that was put around it.
func detailOf(err error) string {
	var op *smithy.OperationError
	var api smithy.APIError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return sentence(err.Error()) + " The operation took longer than its limit; raise it in the attribute timeouts, or look at the object on AWS for what holds it up."
	case errors.Is(err, context.Canceled):
		return sentence(err.Error()) + " The run was canceled."
	case errors.As(err, &op) && errors.As(err, &api):
		where, _, _ := strings.Cut(err.Error(), "operation error")
		detail := fmt.Sprintf("%s%s %s answered %s: %s", where, op.Service(), op.Operation(), api.ErrorCode(), api.ErrorMessage())
		if id := requestID(err); id != "" {
			detail = strings.TrimSuffix(detail, ".") + " (request " + id + ")"
		}
		return sentence(detail)
	}
	return sentence(err.Error())
}

func requestID(err error) string {
	var r interface{ ServiceRequestID() string }
	if errors.As(err, &r) {
		return r.ServiceRequestID()
	}
	return ""
}

// sentence gives s a capital and a full stop.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// ImportID is the import id of an object of the operation's region, of which id is
// the part without the region.
func ImportID(ctx context.Context, id string) string {
	o := operationOf(ctx)
	if o.scope.Region == o.provider.Region.ValueString() {
		return id
	}
	return id + "@" + o.scope.Region
}

// TakeOver says how an existing object is taken over into the state: the end of a
// diagnostic about one that is in the way.
func TakeOver(typeName, id string) string {
	return fmt.Sprintf("or take it over: by the command\n\n  import serverless_%s.NAME '%s'\n\nor by a block\n\n  import {\n    to = serverless_%s.NAME\n    id = %q\n  }", typeName, id, typeName, id)
}
