package registry

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/apparentlymart/go-versions/versions"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

const providersService = "providers.v1"

// protocols are the versions of the plugin protocol that can be spoken.
var protocols = []string{"5", "6"}

// ProviderVersions are the versions of a provider that speak a known protocol,
// in any order.
func (c *Client) ProviderVersions(ctx context.Context, p addr.Provider) ([]versions.Version, error) {
	base, err := c.service(ctx, p.Host, providersService)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Versions []struct {
			Version   string   `json:"version"`
			Protocols []string `json:"protocols"`
		} `json:"versions"`
	}
	if _, err := c.get(ctx, base.JoinPath(p.Namespace, p.Type, "versions"), p.Host, &doc); err != nil {
		return nil, err
	}
	var out []versions.Version
	for _, v := range doc.Versions {
		parsed, err := versions.ParseVersion(v.Version)
		if err == nil && (len(v.Protocols) == 0 || slices.ContainsFunc(v.Protocols, spoken)) {
			out = append(out, parsed)
		}
	}
	return out, nil
}

func spoken(protocol string) bool {
	major, _, _ := strings.Cut(protocol, ".")
	return slices.Contains(protocols, major)
}

// ProviderPackage is where the package of a provider is for one platform.
type ProviderPackage struct {
	URL    string
	Sum    string   // of the archive, "zh:…"
	Hashes []string // of the archives of all platforms, signed
	Key    string   // id of the key that signed them
}

// ProviderPackage finds a package, and checks the signature of its checksums by
// the keys that the registry gives for the provider.
func (c *Client) ProviderPackage(ctx context.Context, p addr.Provider, v versions.Version, os, arch string) (*ProviderPackage, error) {
	base, err := c.service(ctx, p.Host, providersService)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Protocols []string `json:"protocols"`
		Filename  string   `json:"filename"`
		URL       string   `json:"download_url"`
		Sums      string   `json:"shasums_url"`
		Signature string   `json:"shasums_signature_url"`
		Sum       string   `json:"shasum"`
		Keys      struct {
			GPG []struct {
				ID    string `json:"key_id"`
				Armor string `json:"ascii_armor"`
			} `json:"gpg_public_keys"`
		} `json:"signing_keys"`
	}
	at, err := c.get(ctx, base.JoinPath(p.Namespace, p.Type, v.String(), "download", os, arch), p.Host, &doc)
	if err != nil {
		return nil, err
	}
	if len(doc.Protocols) > 0 && !slices.ContainsFunc(doc.Protocols, spoken) {
		return nil, fmt.Errorf("the package speaks the protocol %s, but only %s can be spoken", strings.Join(doc.Protocols, ", "), strings.Join(protocols, " and "))
	}
	if raw, err := hex.DecodeString(doc.Sum); err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("the registry gives the checksum %q, which is no SHA-256", doc.Sum)
	}
	out := &ProviderPackage{Sum: "zh:" + strings.ToLower(doc.Sum)}
	links := map[string]*url.URL{}
	for name, text := range map[string]string{"download_url": doc.URL, "shasums_url": doc.Sums, "shasums_signature_url": doc.Signature} {
		link, err := at.Parse(text)
		if err != nil || text == "" {
			return nil, fmt.Errorf("the registry gives the %s %q, which is no URL", name, text)
		}
		links[name] = link
	}
	out.URL = links["download_url"].String()
	sums, err := c.text(ctx, links["shasums_url"], p.Host)
	if err != nil {
		return nil, fmt.Errorf("reading the checksums: %w", err)
	}
	signature, err := c.text(ctx, links["shasums_signature_url"], p.Host)
	if err != nil {
		return nil, fmt.Errorf("reading the signature of the checksums: %w", err)
	}
	var armors []string
	for _, k := range doc.Keys.GPG {
		armors = append(armors, k.Armor)
	}
	if out.Key, err = signer(sums, signature, armors); err != nil {
		return nil, err
	}
	found := ""
	for line := range strings.Lines(string(sums)) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		sum, name := strings.ToLower(fields[0]), strings.TrimPrefix(fields[1], "*")
		out.Hashes = append(out.Hashes, "zh:"+sum)
		if name == doc.Filename {
			found = "zh:" + sum
		}
	}
	if found != out.Sum {
		return nil, fmt.Errorf("the signed checksums have %q for the file %s, but the registry says %q", found, doc.Filename, out.Sum)
	}
	return out, nil
}

// signer is the id of the one of the keys that signed the text.
func signer(text, signature []byte, armors []string) (string, error) {
	if len(armors) == 0 {
		return "", fmt.Errorf("the registry gives no key for the signature of the checksums")
	}
	var last error
	for _, armor := range armors {
		keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(armor))
		if err != nil {
			last = err
			continue
		}
		by, err := openpgp.CheckDetachedSignature(keys, bytes.NewReader(text), bytes.NewReader(signature), nil)
		if err == nil {
			return by.PrimaryKey.KeyIdString(), nil
		}
		last = err
	}
	return "", fmt.Errorf("the signature of the checksums is by none of the keys that the registry gives: %w", last)
}
