package emulator

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// key is the access key that may do everything.
type key struct {
	ID     string `json:"access_key"`
	Secret string `json:"secret_key"`
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
	if raw, err = json.Marshal(k); err != nil { //nolint:gosec // the file is where the key is kept
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
