package sns

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // version 1 of SNS's signatures
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Path is where the certificate is served that notifications are signed with.
const Path = "/_aws/sns/"

// signer signs notifications with a key of this process, as SNS does with its own,
// so that whoever checks signatures can be tried out.
type signer struct {
	once sync.Once
	key  *rsa.PrivateKey
	cert []byte // PEM
	name string
	err  error
}

func (s *signer) prepare() {
	s.once.Do(func() {
		if s.key, s.err = rsa.GenerateKey(rand.Reader, 2048); s.err != nil {
			return
		}
		from := time.Unix(0, 0)
		c := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, NotBefore: from, NotAfter: from.AddDate(130, 0, 0),
		}
		var der []byte
		if der, s.err = x509.CreateCertificate(rand.Reader, c, c, &s.key.PublicKey, s.key); s.err != nil {
			return
		}
		sum := sha256.Sum256(der)
		s.name = fmt.Sprintf("SimpleNotificationService-%x.pem", sum[:16])
		s.cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	})
}

// path is where the certificate is served.
func (s *signer) path() string {
	s.prepare()
	return Path + s.name
}

// sign signs what SNS signs of a notification.
func (s *signer) sign(n *notification) (string, error) {
	s.prepare()
	if s.err != nil {
		return "", fmt.Errorf("making a key to sign notifications with: %w", s.err)
	}
	var b strings.Builder
	line := func(name, v string) { b.WriteString(name + "\n" + v + "\n") }
	line("Message", n.Message)
	line("MessageId", n.MessageID)
	if n.Subject != nil {
		line("Subject", *n.Subject)
	}
	line("Timestamp", n.Timestamp)
	line("TopicArn", n.TopicARN)
	line("Type", "Notification")
	one, two := sha1.Sum([]byte(b.String())), sha256.Sum256([]byte(b.String())) //nolint:gosec // as SNS has it
	hash, sum := crypto.SHA1, one[:]
	if n.SignatureVersion == "2" {
		hash, sum = crypto.SHA256, two[:]
	}
	raw, err := rsa.SignPKCS1v15(nil, s.key, hash, sum)
	if err != nil {
		return "", fmt.Errorf("signing a notification: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

// Certificate serves the certificate at the address that notifications name, below
// [Path].
func (s *Service) Certificate() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != s.signer.path() {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write(s.signer.cert)
	})
}
