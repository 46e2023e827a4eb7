package function

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A Call is one invocation of a function whose answer is waited for.
type Call struct {
	Function tftypes.String // name or ARN, with an alias or a version behind a colon
	Payload  string         // JSON; "" for null
	TenantID string
	// Fail says that an error of the function is one of the call.
	Fail bool
}

// An Answer is what came of a call.
type Answer struct {
	Payload string
	Error   string // "Handled" or "Unhandled" if the function failed
	Version string // the version that ran
	Log     string // the last 4 KB of what it logged
}

// Do calls the function. The call is not repeated when its answer is lost, because
// it may have been carried out.
func (call Call) Do(ctx context.Context, c *Clients) (Answer, error) {
	r := refer(call.Function)
	in := &lambda.InvokeInput{FunctionName: r.name, Qualifier: r.qualifier, LogType: types.LogTypeTail, TenantId: given(call.TenantID)}
	if call.Payload != "" {
		in.Payload = []byte(call.Payload)
	}
	out, err := c.Lambda.Invoke(ctx, in, once)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Payload: string(out.Payload), Error: aws.ToString(out.FunctionError), Version: aws.ToString(out.ExecutedVersion)}
	if text, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult)); err == nil {
		a.Log = string(text)
	}
	if call.Fail && a.Error != "" {
		return a, &tf.Problem{
			Summary: "The function " + r.id() + " failed",
			Detail:  fmt.Sprintf("It answered %s\n\nIts log ends so:\n\n%s", a.Payload, strings.TrimSpace(a.Log)),
		}
	}
	return a, nil
}
