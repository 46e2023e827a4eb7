package provider_test

import (
	"bytes"
	"io"
	"net/http"

	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// elsewhere is an emulator that says it is another account.
type elsewhere struct{ provider.Emulator }

func (e elsewhere) Do(r *http.Request) (*http.Response, error) {
	resp, err := e.Emulator.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.ReplaceAll(body, []byte("000000000000"), []byte("123456789012"))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, resp.Body.Close()
}
