// Package alias is read by the tests of package wiretest.
package alias

import (
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Name reads the name, the function and, through a copy, the routing.
func Name(in *lambda.CreateAliasInput) (string, string, *types.AliasRoutingConfiguration) {
	in.FunctionVersion = nil
	also := *in
	return *in.Name, *also.FunctionName, in.RoutingConfig
}
