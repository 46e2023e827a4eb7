package remote

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// refused are the calls of the protocol that the engine does not make.
type refused struct{}

func refuse(call string) error {
	return fmt.Errorf("the call %s is not supported for providers in other processes", call)
}

func (refused) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return nil, refuse("GetMetadata")
}

func (refused) GetFunctions(context.Context, *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return nil, refuse("GetFunctions")
}
