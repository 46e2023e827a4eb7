package gateway

import (
	"context"
	"errors"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// Templates make the body of a request to an integration.
type Templates struct{}

// A Response makes the answer to a client from what an integration answers.
type Response struct{}

// ParseTemplates reads the request templates of an integration.
func ParseTemplates(selection string, texts map[string]string, passthrough string) (*Templates, error) {
	if len(texts) > 0 || selection != "" {
		return nil, errors.New("templates are not implemented")
	}
	_ = passthrough
	return &Templates{}, nil
}

// ParseResponse reads an integration response.
func ParseResponse(key, selection string, texts map[string]string) (*Response, error) {
	_ = key
	if len(texts) > 0 || selection != "" {
		return nil, errors.New("templates are not implemented")
	}
	return &Response{}, nil
}

// callTemplated calls an integration with what its template makes of a message.
func (g *Gateway) callTemplated(context.Context, *message, *Integration) (*payload.Result, error) {
	return nil, errors.New("templates are not implemented")
}

// sendMessage sends a message to a server.
func (g *Gateway) sendMessage(context.Context, *message, *Integration, []byte) (*payload.Result, error) {
	return nil, errors.New("servers are not implemented")
}
