package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote/wire"
)

// stream makes one call whose answer is any number of messages. receive reads
// the next one and ends with io.EOF; the call goes on until then or until ctx is
// done.
func (c *client) stream(ctx context.Context, name string, in proto.Message) (receive func(proto.Message) error, err error) {
	failed := func(err error) error {
		s := status.Convert(err)
		return fmt.Errorf("the call %s ended with %s: %s", name, s.Code(), s.Message())
	}
	s, err := c.conn.NewStream(ctx, &grpc.StreamDesc{StreamName: name, ServerStreams: true}, c.method(name))
	if err != nil {
		return nil, failed(err)
	}
	if err := s.SendMsg(in); err != nil && !errors.Is(err, io.EOF) { // at io.EOF the reason is received
		return nil, failed(err)
	}
	if err := s.CloseSend(); err != nil {
		return nil, failed(err)
	}
	return func(out proto.Message) error {
		err := s.RecvMsg(out)
		if err != nil && !errors.Is(err, io.EOF) {
			return failed(err)
		}
		return err
	}, nil
}

func (c *client) ValidateActionConfig(ctx context.Context, in *tfprotov6.ValidateActionConfigRequest) (*tfprotov6.ValidateActionConfigResponse, error) {
	out := &wire.Reported{}
	err := c.call(ctx, "ValidateActionConfig", &wire.ValidateRequest{TypeName: in.ActionType, Config: toValue(in.Config)}, out)
	return &tfprotov6.ValidateActionConfigResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) PlanAction(ctx context.Context, in *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	out := &wire.Reported{}
	err := c.call(ctx, "PlanAction", &wire.ValidateRequest{
		TypeName: in.ActionType, Config: toValue(in.Config), ClientCapabilities: &wire.ClientCapabilities{},
	}, out)
	return &tfprotov6.PlanActionResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

// InvokeAction gives the events as they come. A connection that breaks ends the
// stream without a Completed event.
func (c *client) InvokeAction(ctx context.Context, in *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	receive, err := c.stream(ctx, "InvokeAction", &wire.ValidateRequest{
		TypeName: in.ActionType, Config: toValue(in.Config), ClientCapabilities: &wire.ClientCapabilities{},
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.InvokeActionServerStream{Events: invokeEvents(receive)}, nil
}

func invokeEvents(receive func(proto.Message) error) iter.Seq[tfprotov6.InvokeActionEvent] {
	return func(yield func(tfprotov6.InvokeActionEvent) bool) {
		for {
			event := &wire.InvokeEvent{}
			err := receive(event)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(tfprotov6.InvokeActionEvent{Type: tfprotov6.CompletedInvokeActionEventType{Diagnostics: broken(err)}})
				return
			}
			var kind tfprotov6.InvokeActionEventType
			switch t := event.Type.(type) {
			case *wire.InvokeEvent_Progress_:
				kind = tfprotov6.ProgressInvokeActionEventType{Message: t.Progress.GetMessage()}
			case *wire.InvokeEvent_Completed:
				kind = tfprotov6.CompletedInvokeActionEventType{Diagnostics: diagnostics(t.Completed.GetDiagnostics())}
			default: // of a newer protocol
				continue
			}
			if !yield(tfprotov6.InvokeActionEvent{Type: kind}) {
				return
			}
		}
	}
}

func (c *client) ValidateListResourceConfig(ctx context.Context, in *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	out := &wire.Reported{}
	err := c.call(ctx, "ValidateListResourceConfig", &wire.ValidateListRequest{
		TypeName: in.TypeName, Config: toValue(in.Config),
		IncludeResourceObject: toValue(in.IncludeResourceObject), Limit: toValue(in.Limit),
	}, out)
	return &tfprotov6.ValidateListResourceConfigResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

// ListResource gives the results as they come. The call ends when the caller
// takes no more of them.
func (c *client) ListResource(ctx context.Context, in *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	ctx, cancel := context.WithCancel(ctx)
	receive, err := c.stream(ctx, "ListResource", &wire.ListRequest{
		TypeName: in.TypeName, Config: toValue(in.Config), IncludeResourceObject: in.IncludeResource, Limit: in.Limit,
	})
	if err != nil {
		cancel()
		return nil, err
	}
	return &tfprotov6.ListResourceServerStream{Results: func(yield func(tfprotov6.ListResourceResult) bool) {
		defer cancel()
		for {
			event := &wire.ListEvent{}
			err := receive(event)
			if errors.Is(err, io.EOF) {
				return
			}
			result := tfprotov6.ListResourceResult{
				DisplayName: event.DisplayName, Resource: value(event.ResourceObject), Identity: identity(event.Identity),
				Diagnostics: diagnostics(event.Diagnostic),
			}
			if err != nil {
				result = tfprotov6.ListResourceResult{Diagnostics: broken(err)}
			}
			if !yield(result) || err != nil {
				return
			}
		}
	}}, nil
}

// broken tells within a stream that it came to a bad end.
func broken(err error) []*tfprotov6.Diagnostic {
	return []*tfprotov6.Diagnostic{{
		Severity: tfprotov6.DiagnosticSeverityError, Summary: "The provider did not answer",
		Detail: "The connection to the provider broke: " + err.Error() + ".",
	}}
}
