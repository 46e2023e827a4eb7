package gateway

import "errors"

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
