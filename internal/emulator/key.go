package emulator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// key is the access key that may do everything.
type key struct {
	ID     string `json:"access_key"`
	Secret string `json:"secret_key"`
}

// keys knows every access key: the emulator's own, then those that services have
// given out.
type keys struct {
	root  key
	given []wire.Keys
}

var errNoSuchKey = errors.New("no such access key")

// Lookup implements [wire.Keys].
func (k keys) Lookup(ctx context.Context, id string) (secret, token string, caller env.Caller, err error) {
	if id == k.root.ID {
		root := env.Scope{Account: Account}.ARN("iam", "root")
		return k.root.Secret, "", env.Caller{ARN: root, UserID: Account}, nil
	}
	err = errNoSuchKey
	for _, g := range k.given {
		secret, token, caller, err = g.Lookup(ctx, id)
		if err == nil || errors.Is(err, wire.ErrExpiredKey) {
			break
		}
	}
	return secret, token, caller, err
}

// keyFile is in the emulator's folder, readable by its owner only.
const keyFile = "credentials.json"

// rootKey returns the folder's key, which is made at the first time.
func rootKey(dir string) (key, error) {
	path := filepath.Join(dir, keyFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		var k key
		if err = json.Unmarshal(raw, &k); err == nil && k.ID != "" && k.Secret != "" {
			return k, nil
		}
		// A file that is not whole was never handed out: it is written anew.
	} else if !errors.Is(err, fs.ErrNotExist) {
		return key{}, fmt.Errorf("reading the emulator's credentials: %w", err)
	}
	// The id has the shape of AWS's own: programs check the prefix and the length.
	k := key{ID: "AKIA" + rand.Text()[:16], Secret: (rand.Text() + rand.Text())[:40]}
	if raw, err = json.Marshal(k); err != nil {
		return key{}, err
	}
	if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
		return key{}, fmt.Errorf("writing the emulator's credentials: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return key{}, fmt.Errorf("writing the emulator's credentials: %w", err)
	}
	return k, nil
}
