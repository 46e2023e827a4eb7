// Program function is what the benchmark invokes: it returns its event, and calls
// itself first as often as the event's Depth says. Of the records of an event source
// it logs when they came.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	client "github.com/aws/aws-sdk-go-v2/service/lambda"
)

type event struct{ Depth, Number int }

// A record is of a queue or of a table's stream; either holds a text of its sender's.
type record struct {
	Body     string
	DynamoDB struct {
		NewImage map[string]struct{ S string }
	}
}

func main() {
	lambda.Start(func(ctx context.Context, in struct {
		event
		Records []record
	}) (event, error) {
		now := time.Now().UnixMicro()
		for _, r := range in.Records {
			fmt.Printf("CAME %d %s%s\n", now, r.Body, r.DynamoDB.NewImage["id"].S)
		}
		if in.Depth == 0 {
			return in.event, nil
		}
		c, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return in.event, err
		}
		me, _ := lambdacontext.FromContext(ctx)
		b, err := json.Marshal(event{in.Depth - 1, in.Number})
		if err != nil {
			return in.event, err
		}
		out, err := client.NewFromConfig(c).Invoke(ctx, &client.InvokeInput{FunctionName: aws.String(me.InvokedFunctionArn), Payload: b})
		if err != nil {
			return in.event, err
		}
		if out.FunctionError != nil {
			return in.event, fmt.Errorf("the inner call failed: %s", out.Payload)
		}
		return in.event, nil
	})
}
