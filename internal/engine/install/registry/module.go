package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/apparentlymart/go-versions/versions"
)

const modulesService = "modules.v1"

// Module is the address of a module in a registry.
type Module struct {
	Host, Namespace, Name, Provider string
}

// String is the full address.
func (m Module) String() string {
	return m.Host + "/" + m.Namespace + "/" + m.Name + "/" + m.Provider
}

// ModuleVersions are the versions of a module, in any order.
func (c *Client) ModuleVersions(ctx context.Context, m Module) ([]versions.Version, error) {
	base, err := c.service(ctx, m.Host, modulesService)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Modules []struct {
			Versions []struct {
				Version string `json:"version"`
			} `json:"versions"`
		} `json:"modules"`
	}
	if _, err := c.get(ctx, base.JoinPath(m.Namespace, m.Name, m.Provider, "versions"), m.Host, &doc); err != nil {
		return nil, err
	}
	var out []versions.Version
	for _, x := range doc.Modules {
		for _, v := range x.Versions {
			if parsed, err := versions.ParseVersion(v.Version); err == nil {
				out = append(out, parsed)
			}
		}
	}
	return out, nil
}

// ModuleSource is the source address, of any kind, of one version of a module.
func (c *Client) ModuleSource(ctx context.Context, m Module, v versions.Version) (string, error) {
	base, err := c.service(ctx, m.Host, modulesService)
	if err != nil {
		return "", err
	}
	resp, err := c.do(ctx, base.JoinPath(m.Namespace, m.Name, m.Provider, v.String(), "download"), m.Host)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	source := resp.Header.Get("X-Terraform-Get")
	if source == "" && resp.StatusCode == http.StatusOK {
		var doc struct {
			Location string `json:"location"`
		}
		if err := json.NewDecoder(io.LimitReader(resp.Body, answerLimit)).Decode(&doc); err == nil {
			source = doc.Location
		}
	}
	if source == "" {
		return "", fmt.Errorf("the registry names no source for %s %s: its answer has no header X-Terraform-Get", m, v)
	}
	if strings.HasPrefix(source, "/") || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../") {
		at, err := resp.Request.URL.Parse(source)
		if err != nil {
			return "", fmt.Errorf("the registry names %q as the source of %s %s, which is no URL: %w", source, m, v, err)
		}
		source = at.String()
	}
	return source, nil
}
