package serve

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"
)

// listen opens a socket that only this user can reach, or on Windows a port of the
// loopback in the range that Terraform gives.
func listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	if runtime.GOOS == "windows" {
		return listenPort(ctx, config)
	}
	f, err := os.CreateTemp(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "plugin")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil { //nolint:gosec // the file is the one just made
		return nil, err
	}
	l, err := config.Listen(ctx, "unix", f.Name())
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(f.Name(), 0o600); err != nil { //nolint:gosec // as above
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func listenPort(ctx context.Context, config net.ListenConfig) (net.Listener, error) {
	least, err := port("PLUGIN_MIN_PORT")
	if err != nil {
		return nil, err
	}
	most, err := port("PLUGIN_MAX_PORT")
	if err != nil {
		return nil, err
	}
	for p := least; p <= most; p++ {
		if l, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p))); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("no port from %d to %d is free", least, most)
}

// port reads the number of a port from the environment; 0, any, is the default.
func port(variable string) (int, error) {
	text := os.Getenv(variable)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%s is %q, not the number of a port", variable, text)
	}
	return int(n), nil
}

// mutual returns how to encrypt calls of nobody but the owner of a certificate, in
// PEM, and the certificate for the other side to know this one by, in base64.
func mutual(client string) (*tls.Config, string, error) {
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM([]byte(client)) {
		return nil, "", errors.New("PLUGIN_CLIENT_CERT has no certificate in PEM")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, "", err
	}
	const name = "localhost" // what go-plugin's clients ask for
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, SerialNumber: serial,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().AddDate(30, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:        true, BasicConstraintsValid: true, // it vouches for itself
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, "", err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12,
	}, base64.RawStdEncoding.EncodeToString(certificate), nil
}
