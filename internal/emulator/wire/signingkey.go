package wire

import "sync"

// signingKeys remembers the keys that signatures were made with, as SDKs do: to
// derive one takes longer than the rest of a check. Only those of signatures that
// were right get in.
type signingKeys struct {
	mu    sync.RWMutex
	known map[signingScope][]byte
}

// A signingScope is what a signing key is derived from.
type signingScope struct{ secret, date, region, service string }

// maxSigningKeys bounds what is remembered, which grows by a few keys a day.
const maxSigningKeys = 1000

func (c credential) signingScope(secret string) signingScope {
	return signingScope{secret, c.date, c.region, c.service}
}

// key returns the key of a scope.
func (k *signingKeys) key(s signingScope) []byte {
	k.mu.RLock()
	key := k.known[s]
	k.mu.RUnlock()
	if key != nil {
		return key
	}
	key = mac([]byte("AWS4"+s.secret), s.date)
	for _, part := range []string{s.region, s.service, "aws4_request"} {
		key = mac(key, part)
	}
	return key
}

// keep remembers the key of a scope.
func (k *signingKeys) keep(s signingScope, key []byte) {
	k.mu.RLock()
	kept := k.known[s] != nil
	k.mu.RUnlock()
	if kept {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxSigningKeys {
		k.known = map[signingScope][]byte{}
	}
	k.known[s] = key
}
