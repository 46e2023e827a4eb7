// Package http keeps a state behind the REST protocol of Terraform's backend of
// that name: GET, POST and DELETE of one address, and LOCK and UNLOCK of others.
//
// It must not know providers or configuration.
package http

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // the protocol's checksum
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// Arguments are those of a backend block "http". Each can be given by an
// environment variable, too, such as TF_HTTP_ADDRESS.
var Arguments = map[string]cty.Type{
	"address": cty.String, "client_ca_certificate_pem": cty.String, "client_certificate_pem": cty.String, "client_private_key_pem": cty.String,
	"lock_address": cty.String, "lock_method": cty.String, "password": cty.String, "retry_max": cty.Number, "retry_wait_max": cty.Number,
	"retry_wait_min": cty.Number, "skip_cert_verification": cty.Bool, "unlock_address": cty.String, "unlock_method": cty.String,
	"update_method": cty.String, "username": cty.String,
}

// A Backend keeps one state; make one with [New].
type Backend struct {
	address, lock, unlock                  string
	updateMethod, lockMethod, unlockMethod string
	username, password                     string
	retries                                int
	waitMin, waitMax                       time.Duration
	client                                 *http.Client
	patience                               time.Duration // of one attempt

	// Journals is the folder of the journals of this machine's runs.
	Journals string
	Codec    backend.Codec // nil: plain
}

var _ backend.Backend = &Backend{}

// New makes a backend of the arguments.
func New(arguments map[string]cty.Value) (*Backend, error) {
	a := args{arguments, nil}
	b := &Backend{
		address: a.get("address", ""), lock: a.get("lock_address", ""), unlock: a.get("unlock_address", ""),
		updateMethod: a.get("update_method", "POST"), lockMethod: a.get("lock_method", "LOCK"), unlockMethod: a.get("unlock_method", "UNLOCK"),
		username: a.get("username", ""), password: a.get("password", ""),
		retries: a.number("retry_max", 2), waitMin: time.Duration(a.number("retry_wait_min", 1)) * time.Second,
		waitMax: time.Duration(a.number("retry_wait_max", 30)) * time.Second,
	}
	for name, address := range map[string]string{"address": b.address, "lock_address": b.lock, "unlock_address": b.unlock} {
		if address == "" && name != "address" {
			continue
		}
		if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" {
			a.err = errors.Join(a.err, fmt.Errorf("the argument %q of the backend \"http\" must be a URL of http or https, not %q", name, address))
		}
	}
	if b.unlock == "" && b.lock != "" && a.err == nil {
		a.err = errors.New("the backend \"http\" needs \"unlock_address\" when it has \"lock_address\"")
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	var err error
	if t.TLSClientConfig, err = a.tls(); err != nil {
		return nil, err
	}
	b.client, b.patience = &http.Client{Transport: t}, 2*time.Minute
	return b, a.err
}

// args reads arguments, or the environment variables in their place.
type args struct {
	values map[string]cty.Value
	err    error
}

func (a *args) get(name, otherwise string) string {
	v, ok := a.values[name]
	if ok && v != cty.NilVal && !v.IsNull() {
		s, err := convert.Convert(v, cty.String)
		if err != nil {
			a.err = errors.Join(a.err, fmt.Errorf("the argument %q of the backend \"http\": %w", name, err))
			return otherwise
		}
		return s.AsString()
	}
	if s := os.Getenv("TF_HTTP_" + strings.ToUpper(name)); s != "" {
		return s
	}
	return otherwise
}

func (a *args) number(name string, otherwise int) int {
	n, err := strconv.Atoi(a.get(name, strconv.Itoa(otherwise)))
	if err != nil || n < 0 {
		a.err = errors.Join(a.err, fmt.Errorf("the argument %q of the backend \"http\" must be a whole number of 0 or more", name))
	}
	return n
}

func (a *args) tls() (*tls.Config, error) {
	skip, err := strconv.ParseBool(a.get("skip_cert_verification", "false"))
	if err != nil {
		return nil, errors.New("the argument \"skip_cert_verification\" of the backend \"http\" must be true or false")
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: skip} //nolint:gosec // the user asks for it by this name
	if ca := a.get("client_ca_certificate_pem", ""); ca != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			return nil, errors.New("the argument \"client_ca_certificate_pem\" of the backend \"http\" has no certificate")
		}
	}
	cert, key := a.get("client_certificate_pem", ""), a.get("client_private_key_pem", "")
	if (cert == "") != (key == "") {
		return nil, errors.New("the arguments \"client_certificate_pem\" and \"client_private_key_pem\" of the backend \"http\" go together")
	}
	if cert != "" {
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		if err != nil {
			return nil, fmt.Errorf("the client certificate of the backend \"http\": %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Where implements [backend.Backend].
func (b *Backend) Where(string) string {
	u, err := url.Parse(b.address)
	if err != nil {
		return b.address
	}
	return u.Redacted()
}

func (b *Backend) journal() string {
	sum := md5.Sum([]byte(b.address)) //nolint:gosec // a short name
	return filepath.Join(b.Journals, hex.EncodeToString(sum[:8])+".journal")
}

const interval = 20 * time.Second // between snapshots

// Open implements [backend.Backend].
func (b *Backend) Open(ctx context.Context, workspace string, o backend.Options) (*backend.Store, error) {
	if err := only(workspace); err != nil {
		return nil, err
	}
	o.Codec = b.Codec
	p := &place{b: b}
	if !o.NoLock && b.lock != "" {
		h := backend.NewHolder(o, "")
		var other *backend.Holder
		err := backend.Wait(ctx, o.LockTimeout, func(ctx context.Context) (err error) {
			other, err = b.take(ctx, h)
			return err
		})
		if errors.Is(err, backend.ErrHeld) {
			return nil, &backend.LockError{Path: b.Where(workspace), Holder: *other}
		}
		if err != nil {
			return nil, err
		}
		p.lock = h
	}
	return backend.Open(ctx, p, b.journal(), interval, o)
}

func only(workspace string) error {
	if workspace != backend.DefaultWorkspace {
		return fmt.Errorf("the backend \"http\" has one workspace, %q, and none called %q", backend.DefaultWorkspace, workspace)
	}
	return nil
}

// Read implements [backend.Backend].
func (b *Backend) Read(ctx context.Context, workspace string) (*state.File, error) {
	if err := only(workspace); err != nil {
		return nil, err
	}
	raw, err := (&place{b: b}).Load(ctx)
	if err != nil {
		return nil, err
	}
	return backend.Peek(raw, b.journal(), b.Where(workspace), b.Codec)
}

// Workspaces implements [backend.Backend].
func (b *Backend) Workspaces(context.Context) ([]string, error) {
	return []string{backend.DefaultWorkspace}, nil
}

// Create implements [backend.Backend].
func (b *Backend) Create(_ context.Context, workspace string) error { return only(workspace) }

// Delete implements [backend.Backend].
func (b *Backend) Delete(_ context.Context, workspace string) error { return only(workspace) }

// Holder implements [backend.Backend]. The protocol has no way to ask but to take
// the lock, and give it back.
func (b *Backend) Holder(ctx context.Context, _ string) (*backend.Holder, error) {
	if b.lock == "" {
		return nil, nil
	}
	h := backend.NewHolder(backend.Options{Operation: "force-unlock"}, "")
	other, err := b.take(ctx, h)
	if errors.Is(err, backend.ErrHeld) {
		return other, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, b.giveBack(ctx, h)
}

// Unlock implements [backend.Backend].
func (b *Backend) Unlock(ctx context.Context, _, id string) error {
	if b.unlock == "" {
		return errors.New("the backend \"http\" has no \"unlock_address\", and so no locks")
	}
	h, err := b.Holder(ctx, backend.DefaultWorkspace)
	switch {
	case err != nil:
		return err
	case h == nil:
		return fmt.Errorf("nobody holds the lock of %s", b.Where(""))
	case h.ID != id:
		return &backend.LockError{Path: b.Where(""), Holder: *h}
	}
	return b.giveBack(ctx, *h)
}

// take tries to take the lock; ErrHeld comes with who has it.
func (b *Backend) take(ctx context.Context, h backend.Holder) (*backend.Holder, error) {
	raw, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	status, body, err := b.call(ctx, b.lockMethod, b.lock, raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("locking %s: %w", b.Where(""), err)
	case status == http.StatusOK:
		return nil, nil
	case status == http.StatusLocked || status == http.StatusConflict:
		other := &backend.Holder{}
		_ = json.Unmarshal(body, other) // a server need not say it
		if other.ID == h.ID {
			return nil, nil // an attempt took it whose answer was lost
		}
		return other, backend.ErrHeld
	}
	return nil, fmt.Errorf("locking %s: the server answered %s", b.Where(""), said(status))
}

func (b *Backend) giveBack(ctx context.Context, h backend.Holder) error {
	raw, err := json.Marshal(h)
	if err != nil {
		return err
	}
	status, _, err := b.call(ctx, b.unlockMethod, b.unlock, raw)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the server answered %s", said(status))
	}
	if err != nil {
		return fmt.Errorf("unlocking %s: %w", b.Where(""), err)
	}
	return nil
}

func said(status int) string { return strconv.Itoa(status) + " " + http.StatusText(status) }

// call makes a request, again when the server is not there or fails.
func (b *Backend) call(ctx context.Context, method, address string, body []byte) (status int, answer []byte, err error) {
	wait := b.waitMin
	for attempt := 0; ; attempt++ {
		status, answer, err = b.once(ctx, method, address, body)
		if err == nil && status < 500 && status != http.StatusTooManyRequests || attempt >= b.retries || ctx.Err() != nil {
			return status, answer, err
		}
		pause := time.NewTimer(min(wait, b.waitMax))
		select {
		case <-ctx.Done():
			pause.Stop()
			return status, answer, err
		case <-pause.C:
		}
		wait *= 2
	}
}

func (b *Backend) once(ctx context.Context, method, address string, body []byte) (int, []byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, b.patience, fmt.Errorf("the server did not answer within %s", b.patience))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if b.username != "" {
		r.SetBasicAuth(b.username, b.password)
	}
	if len(body) > 0 {
		sum := md5.Sum(body) //nolint:gosec // the protocol's checksum
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	resp, err := b.client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the URL may hold a password
		}
		return 0, nil, reason(ctx, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, reason(ctx, err)
	}
	if want := resp.Header.Get("Content-Md5"); want != "" && resp.StatusCode == http.StatusOK {
		sum := md5.Sum(answer) //nolint:gosec // the protocol's checksum
		if base64.StdEncoding.EncodeToString(sum[:]) != want {
			return 0, nil, errors.New("the answer was damaged on its way: its checksum does not fit")
		}
	}
	return resp.StatusCode, answer, nil
}

// reason is why a request ended early, if it did, and err otherwise.
func reason(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// place is the state, while it is open.
type place struct {
	b    *Backend
	lock backend.Holder // zero while no lock is held
}

// String implements [backend.Place].
func (p *place) String() string { return p.b.Where("") }

// Load implements [backend.Place].
func (p *place) Load(ctx context.Context) ([]byte, error) {
	status, raw, err := p.b.call(ctx, http.MethodGet, p.b.address, nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", p, err)
	case status == http.StatusOK:
		return raw, nil
	case status == http.StatusNoContent || status == http.StatusNotFound:
		return nil, nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return nil, fmt.Errorf("reading %s: the server answered %s; check username and password", p, said(status))
	}
	return nil, fmt.Errorf("reading %s: the server answered %s", p, said(status))
}

// Save implements [backend.Place].
func (p *place) Save(ctx context.Context, raw, _ []byte) error {
	u, err := url.Parse(p.b.address)
	if err != nil {
		return err
	}
	if p.lock.ID != "" {
		q := u.Query()
		q.Set("ID", p.lock.ID)
		u.RawQuery = q.Encode()
	}
	status, _, err := p.b.call(ctx, p.b.updateMethod, u.String(), raw)
	if err == nil && status != http.StatusOK && status != http.StatusCreated && status != http.StatusNoContent {
		err = fmt.Errorf("the server answered %s", said(status))
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", p, err)
	}
	return nil
}

// Release implements [backend.Place].
func (p *place) Release(ctx context.Context) error {
	if p.lock.ID == "" {
		return nil
	}
	h := p.lock
	p.lock = backend.Holder{}
	return p.b.giveBack(ctx, h)
}
