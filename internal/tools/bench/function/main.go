// Program function is what the benchmark invokes: it returns its event, and calls
// itself first as often as the event's Depth says.
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	client "github.com/aws/aws-sdk-go-v2/service/lambda"
)

type event struct{ Depth, Number int }

func main() {
	lambda.Start(func(ctx context.Context, in event) (event, error) {
		if in.Depth == 0 {
			return in, nil
		}
		c, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return in, err
		}
		me, _ := lambdacontext.FromContext(ctx)
		b, err := json.Marshal(event{in.Depth - 1, in.Number})
		if err != nil {
			return in, err
		}
		out, err := client.NewFromConfig(c).Invoke(ctx, &client.InvokeInput{FunctionName: aws.String(me.InvokedFunctionArn), Payload: b})
		if err != nil {
			return in, err
		}
		if out.FunctionError != nil {
			return in, fmt.Errorf("the inner call failed: %s", out.Payload)
		}
		return in, nil
	})
}
