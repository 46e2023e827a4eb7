package lambda

import (
	"context"
	"encoding/base64"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// chunks sends parts of a response as events of a stream.
type chunks func(types.InvokeWithResponseStreamResponseEvent) error

// Write sends one part.
func (send chunks) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return len(b), send(&types.InvokeWithResponseStreamResponseEventMemberPayloadChunk{Value: types.InvokeResponseStreamUpdate{Payload: b}})
}

// InvokeWithResponseStream calls a function and sends its response as it writes it.
func (s *Service) InvokeWithResponseStream(
	ctx context.Context, in *lambda.InvokeWithResponseStreamInput,
	start func(*lambda.InvokeWithResponseStreamOutput) func(types.InvokeWithResponseStreamResponseEvent) error,
) error {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return err
	}
	c := invocation{name: n, payload: in.Payload}
	if c.client, err = clientContext(in.ClientContext); err != nil {
		return err
	}
	t, err := s.admit(ctx, c)
	if err != nil {
		return err
	}
	if in.InvocationType == types.ResponseStreamingInvocationTypeDryRun {
		start(&lambda.InvokeWithResponseStreamOutput{StatusCode: 204})
		return nil
	}
	var send chunks
	begin := func(contentType string) {
		send = start(&lambda.InvokeWithResponseStreamOutput{
			StatusCode: 200, ExecutedVersion: aws.String(t.version.number()), ResponseStreamContentType: aws.String(contentType),
		})
	}
	c.stream = func(contentType string) io.Writer {
		begin(contentType)
		return send
	}
	r, err := s.run(ctx, &t, c)
	if err != nil {
		return err
	}
	if send == nil { // it failed before it answered
		begin("application/octet-stream")
	}
	var end types.InvokeWithResponseStreamCompleteEvent
	if r.Failed {
		end.ErrorCode, end.ErrorDetails = aws.String("Unhandled"), aws.String(string(r.Payload))
	}
	if in.LogType == types.LogTypeTail {
		end.LogResult = aws.String(base64.StdEncoding.EncodeToString(r.Tail))
	}
	return send(&types.InvokeWithResponseStreamResponseEventMemberInvokeComplete{Value: end})
}
