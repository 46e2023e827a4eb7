// Package encryption keeps states, journals and plan files encrypted, in OpenTofu's
// form: keys derived of a passphrase by PBKDF2, and AES-GCM. What is stored says by
// which salt its key was made, so that whoever knows the passphrase can read it.
//
// It must not know where states are kept, nor what a configuration consists of but
// its encryption blocks. Key management services are not supported, and refused by
// name.
package encryption

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// A Target says how one kind of file is stored.
type Target struct {
	// Methods are tried in turn to read a file; by the first it is written.
	Methods []Method
}

// A Method is one way to store a file. The zero Method leaves it readable.
type Method struct {
	Name string // such as "method.aes_gcm.main"
	Keys *Keys  // nil: the file is not encrypted
}

// Keys makes keys of a passphrase.
type Keys struct {
	Name       string // such as "key_provider.pbkdf2.main", under which the salt is stored
	Passphrase string
	KeyLength  int // bytes: 16, 24 or 32
	Iterations int
	Hash       string // "sha256" or "sha512"
	SaltLength int    // bytes

	mu      sync.Mutex
	current *derivation
	known   map[string][]byte // keys by the JSON of their derivation: each costs a second
}

// A derivation is how a key was made, as it is stored beside what it encrypts.
type derivation struct {
	Salt       []byte `json:"salt"`
	Iterations int    `json:"iterations"`
	Hash       string `json:"hash_function"`
	KeyLength  int    `json:"key_length"`
}

// envelope is the form of an encrypted file.
type envelope struct {
	Serial  *uint64           `json:"serial,omitempty"` // of states
	Lineage string            `json:"lineage,omitempty"`
	Meta    map[string][]byte `json:"meta"`
	Data    []byte            `json:"encrypted_data"`
	Version string            `json:"encryption_version"`
}

const version = "v0"

// Is tells whether raw is an encrypted file.
func Is(raw []byte) bool {
	var e envelope
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && raw[0] == '{' && json.Unmarshal(raw, &e) == nil && e.Version != ""
}

// ErrEncrypted is what reading an encrypted file fails with where no encryption is
// configured.
var ErrEncrypted = errors.New("it is encrypted, and the configuration has no encryption block that says how to read it")

// Encode implements the codec of backends.
func (t *Target) Encode(f *state.File) ([]byte, error) {
	raw, err := f.Encode()
	if err != nil {
		return nil, err
	}
	return t.seal(raw, &envelope{Serial: &f.Serial, Lineage: f.Lineage})
}

// Decode implements the codec of backends.
func (t *Target) Decode(raw []byte) (*state.File, error) {
	plain, err := t.Open(raw)
	if err != nil {
		return nil, fmt.Errorf("the state cannot be read: %w", err)
	}
	return state.Decode(plain)
}

// Seal encrypts any document.
func (t *Target) Seal(doc []byte) ([]byte, error) { return t.seal(doc, &envelope{}) }

func (t *Target) seal(doc []byte, e *envelope) ([]byte, error) {
	keys := t.Methods[0].Keys
	if keys == nil {
		return doc, nil
	}
	d, key, err := keys.own()
	if err != nil {
		return nil, err
	}
	meta, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	gcm, err := gcmOf(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	e.Meta, e.Data, e.Version = map[string][]byte{keys.Name: meta}, gcm.Seal(nonce, nonce, doc, nil), version
	return json.Marshal(e)
}

// Open decrypts what Seal, or OpenTofu, has made. What is not encrypted is returned
// as it is, if a method allows it.
func (t *Target) Open(raw []byte) ([]byte, error) {
	if !Is(raw) {
		for _, m := range t.Methods {
			if m.Keys == nil {
				return raw, nil
			}
		}
		return nil, errors.New("it is not encrypted, and the configuration demands that it is; to encrypt it, allow a method \"unencrypted\" as the fallback for one apply")
	}
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, err
	}
	if e.Version != version {
		return nil, fmt.Errorf("it is encrypted in the form %q, and this program knows %q", e.Version, version)
	}
	var errs []error
	for _, m := range t.Methods {
		if m.Keys == nil {
			continue
		}
		plain, err := m.Keys.open(&e)
		if err == nil {
			return plain, nil
		}
		errs = append(errs, fmt.Errorf("by %s: %w", m.Name, err))
	}
	if len(errs) == 0 {
		return nil, ErrEncrypted
	}
	return nil, fmt.Errorf("it cannot be decrypted %w", errors.Join(errs...))
}

func (k *Keys) open(e *envelope) ([]byte, error) {
	meta, ok := e.Meta[k.Name]
	if !ok {
		return nil, fmt.Errorf("it was not made with %s", k.Name)
	}
	var d derivation
	if err := json.Unmarshal(meta, &d); err != nil {
		return nil, fmt.Errorf("how its key was made cannot be read: %w", err)
	}
	key, err := k.derive(d)
	if err != nil {
		return nil, err
	}
	gcm, err := gcmOf(key)
	if err != nil {
		return nil, err
	}
	if len(e.Data) < gcm.NonceSize() {
		return nil, errors.New("it is damaged")
	}
	plain, err := gcm.Open(nil, e.Data[:gcm.NonceSize()], e.Data[gcm.NonceSize():], nil)
	if err != nil {
		return nil, errors.New("the passphrase is not the one that it was encrypted with, or it is damaged")
	}
	return plain, nil
}

func gcmOf(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// own returns the key of this run, whose salt is new.
func (k *Keys) own() (derivation, []byte, error) {
	k.mu.Lock()
	if k.current == nil {
		k.current = &derivation{Salt: make([]byte, k.SaltLength), Iterations: k.Iterations, Hash: k.Hash, KeyLength: k.KeyLength}
		_, _ = rand.Read(k.current.Salt) // never fails
	}
	d := *k.current
	k.mu.Unlock()
	key, err := k.derive(d)
	return d, key, err
}

// hashes are the functions that keys are derived with.
var hashes = map[string]func() hash.Hash{"sha256": sha256.New, "sha512": sha512.New}

// maxIterations bounds what a file can make a reader compute.
const maxIterations = 10_000_000

func (k *Keys) derive(d derivation) ([]byte, error) {
	id, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	h, ok := hashes[d.Hash]
	if !ok || d.Iterations < 1 || d.Iterations > maxIterations || d.KeyLength < 1 || d.KeyLength > 64 {
		return nil, errors.New("how its key was made makes no sense")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.known[string(id)]; ok {
		return key, nil
	}
	key, err := pbkdf2.Key(h, k.Passphrase, d.Salt, d.Iterations, d.KeyLength)
	if err != nil {
		return nil, err
	}
	if k.known == nil {
		k.known = map[string][]byte{}
	}
	k.known[string(id)] = key
	return key, nil
}
