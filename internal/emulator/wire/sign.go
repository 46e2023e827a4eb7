package wire

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// Keys knows who has which access key.
type Keys interface {
	// Lookup returns the secret of an access key, the session token that must come
	// with it (empty for a long-term key), and whose key it is. An error that is
	// [ErrExpiredKey] says that the key was valid once; any other, that there is
	// no such key.
	Lookup(ctx context.Context, accessKeyID string) (secret, sessionToken string, caller env.Caller, err error)
}

// ErrExpiredKey is the error of [Keys] for temporary credentials whose time is over.
var ErrExpiredKey = errors.New("the access key has expired")

const (
	account       = "000000000000" // the only account
	defaultRegion = "us-east-1"    // of requests that name none
	algorithm     = "AWS4-HMAC-SHA256"
	signatureTime = "20060102T150405Z"
	skew          = 5 * time.Minute // between a client's clock and ours
	maxPresigned  = 7 * 24 * time.Hour
)

// auth checks who makes a request.
type auth struct {
	keys    Keys
	any     bool // every credential will do
	clock   clock.Clock
	derived *signingKeys
}

// A credential is what a request says of its signer.
type credential struct {
	key, date, region, service string
	headers                    []string // that are signed
	signature                  string
	token                      string
	at                         string // when it was signed
	expires                    string // in seconds, of a presigned request
	presigned                  bool
}

// credentialOf reads what a request says of its signer, whatever it is worth.
func credentialOf(r *http.Request) credential {
	if h := r.Header.Get("Authorization"); strings.HasPrefix(h, algorithm) {
		c := credential{at: r.Header.Get("X-Amz-Date"), token: r.Header.Get("X-Amz-Security-Token")}
		for part := range strings.SplitSeq(strings.TrimPrefix(h, algorithm), ",") {
			k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			switch k {
			case "Credential":
				c.scope(v)
			case "SignedHeaders":
				c.headers = strings.Split(v, ";")
			case "Signature":
				c.signature = v
			}
		}
		if t, err := http.ParseTime(r.Header.Get("Date")); c.at == "" && err == nil {
			c.at = t.UTC().Format(signatureTime)
		}
		return c
	}
	if !strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		return credential{}
	}
	q := r.URL.Query()
	c := credential{
		at:        q.Get("X-Amz-Date"),
		token:     q.Get("X-Amz-Security-Token"),
		headers:   strings.Split(q.Get("X-Amz-SignedHeaders"), ";"),
		signature: q.Get("X-Amz-Signature"),
		expires:   q.Get("X-Amz-Expires"),
		presigned: true,
	}
	c.scope(q.Get("X-Amz-Credential"))
	return c
}

// scope takes KEY/DATE/REGION/SERVICE/aws4_request apart.
func (c *credential) scope(s string) {
	parts := strings.Split(s, "/")
	if n := len(parts); n >= 5 && parts[n-1] == "aws4_request" {
		c.key, c.date, c.region, c.service = strings.Join(parts[:n-4], "/"), parts[n-4], parts[n-3], parts[n-2]
	}
}

// check returns the context in which the call's handler runs.
func (a auth) check(c *call) (context.Context, error) {
	cred := c.cred
	var who env.Caller
	var err error
	if a.any {
		who, err = a.anyone(c.r, cred)
	} else {
		who, err = a.verify(c, cred)
	}
	if err != nil {
		return nil, err
	}
	who.AccessKey = cred.key
	scope := env.Scope{Account: account, Region: cmp.Or(cred.region, defaultRegion)}
	return env.WithCaller(env.WithScope(c.r.Context(), scope), who), nil
}

// anyone lets every request in but those that a web page makes: without a secret
// there is nothing else between a page that someone looks at and the emulator.
func (a auth) anyone(r *http.Request, cred credential) (env.Caller, error) {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		return env.Caller{}, &refusal{
			code:    "AccessDeniedException",
			message: "Requests of web pages are refused while the emulator accepts any credentials",
			status:  http.StatusForbidden,
		}
	}
	if a.keys != nil && cred.key != "" {
		if _, _, who, err := a.keys.Lookup(r.Context(), cred.key); err == nil {
			return who, nil
		}
	}
	return env.Caller{ARN: "arn:" + env.Partition + ":iam::" + account + ":root", UserID: account}, nil
}

// verify computes the request's signature anew and compares.
func (a auth) verify(c *call, cred credential) (env.Caller, error) {
	none := env.Caller{}
	if c.r.Header.Get("Authorization") == "" && !cred.presigned {
		if c.op != nil && c.op.unsigned {
			return env.Caller{ARN: "anonymous", UserID: "anonymous"}, nil
		}
		return none, c.denied("MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	if cred.key == "" || cred.signature == "" || len(cred.headers) == 0 || cred.at == "" {
		return none, c.denied("IncompleteSignature",
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "+
				"Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	secret, token, who, err := a.keys.Lookup(c.r.Context(), cred.key)
	switch {
	case errors.Is(err, ErrExpiredKey):
		return none, c.denied("ExpiredToken", "The security token included in the request is expired")
	case err != nil || !hmac.Equal([]byte(token), []byte(cred.token)):
		return none, c.denied("InvalidClientTokenId", "The security token included in the request is invalid.")
	}
	if err := a.timely(c, cred); err != nil {
		return none, err
	}
	scope := cred.signingScope(secret)
	key := a.derived.key(scope)
	want := cred.sign(key, canonical(c.r, payloadSum(c, cred), cred))
	if !slices.Contains(cred.headers, "host") || !hmac.Equal([]byte(want), []byte(cred.signature)) {
		return none, c.denied("SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. "+
				"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	a.derived.keep(scope, key)
	c.chunks = &chunkSigner{key: key, at: cred.at, scope: cred.scopeText(), previous: want}
	return who, nil
}

// payloadSum is what a signature covers of the body: its sum, or on S3 what the
// request says of it, which the body is checked against while it is read.
func payloadSum(c *call, cred credential) string {
	if cred.service == "s3" {
		return cmp.Or(c.r.Header.Get("X-Amz-Content-Sha256"), unsignedPayload)
	}
	sum := sha256.Sum256(c.body)
	return hex.EncodeToString(sum[:])
}

// timely checks when the request was signed.
func (a auth) timely(c *call, cred credential) error {
	at, err := time.Parse(signatureTime, cred.at)
	if err != nil || !strings.HasPrefix(cred.at, cred.date) || cred.date == "" {
		return c.denied("SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
	}
	now, valid := a.clock.Now().UTC(), skew
	if cred.presigned {
		seconds, err := strconv.Atoi(cred.expires)
		valid = time.Duration(seconds) * time.Second
		if err != nil || seconds < 0 || valid > maxPresigned {
			return c.denied("IncompleteSignature", "X-Amz-Expires must be a number of seconds between 0 and 604800")
		}
	}
	if _, s3 := c.protocol.(restXML); s3 && (now.Sub(at) > valid || at.Sub(now) > skew) {
		if cred.presigned && now.After(at) {
			return c.denied("RequestExpired", "")
		}
		return c.denied("RequestTimeTooSkewed", "")
	}
	if now.Sub(at) > valid {
		return c.denied("SignatureDoesNotMatch", "Signature expired: "+cred.at+" is now earlier than "+
			now.Add(-valid).Format(signatureTime)+" ("+now.Format(signatureTime)+" - "+minutes(valid)+" min.)")
	}
	if at.Sub(now) > skew {
		return c.denied("SignatureDoesNotMatch", "Signature not yet current: "+cred.at+" is still later than "+
			now.Add(skew).Format(signatureTime)+" ("+now.Format(signatureTime)+" + "+minutes(skew)+" min.)")
	}
	return nil
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }

// jsonCodes are the names that JSON and CBOR services have for awsQuery's codes.
var jsonCodes = map[string]string{
	"ExpiredToken":               "ExpiredTokenException",
	"IncompleteSignature":        "IncompleteSignatureException",
	"InvalidClientTokenId":       "UnrecognizedClientException",
	"MissingAuthenticationToken": "MissingAuthenticationTokenException",
	"SignatureDoesNotMatch":      "InvalidSignatureException",
}

func (c *call) denied(code, message string) error {
	if _, ok := c.protocol.(restXML); ok {
		d := s3Denials[code]
		return &Error{Code: d.code, Message: cmp.Or(d.message, message), Status: d.status}
	}
	e := &refusal{code: code, message: message, status: http.StatusForbidden}
	if _, ok := c.protocol.(query); ok {
		return e
	}
	e.code = jsonCodes[code]
	if _, ok := c.protocol.(restJSON); !ok {
		e.status = http.StatusBadRequest
	}
	return e
}

// canonical is the text of a request that is signed.
func canonical(r *http.Request, sum string, c credential) string {
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	if c.service != "s3" { // all but S3 escape the path once more
		path = escapeURI(path, true)
	}
	var b strings.Builder
	b.Grow(1 << 10)
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(r.URL) + "\n")
	for _, h := range c.headers {
		b.WriteString(h)
		b.WriteByte(':')
		b.WriteString(canonicalHeader(r, h))
		b.WriteByte('\n')
	}
	b.WriteString("\n" + strings.Join(c.headers, ";") + "\n" + sum)
	return b.String()
}

func canonicalQuery(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	var pairs []string
	for k, values := range u.Query() {
		if k == "X-Amz-Signature" {
			continue
		}
		for _, v := range values {
			pairs = append(pairs, escapeURI(k, false)+"="+escapeURI(v, false))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func canonicalHeader(r *http.Request, name string) string {
	switch name {
	case "host":
		return cmp.Or(r.Host, r.URL.Host)
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := r.Header.Values(name)
	if len(values) == 1 && !strings.ContainsAny(values[0], " \t") {
		return values[0]
	}
	plain := make([]string, len(values))
	for i, v := range values {
		plain[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(plain, ",")
}

// escapeURI writes every byte but the unreserved ones as %XX.
func escapeURI(s string, slash bool) string {
	const hexUpper = "0123456789ABCDEF"
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~', c == '/' && slash:
			b = append(b, c)
		default:
			b = append(b, '%', hexUpper[c>>4], hexUpper[c&15])
		}
	}
	return string(b)
}

// sign returns the signature of a canonical request.
func (c credential) sign(key []byte, canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return hex.EncodeToString(mac(key, algorithm+"\n"+c.at+"\n"+c.scopeText()+"\n"+hex.EncodeToString(sum[:])))
}

func (c credential) scopeText() string {
	return c.date + "/" + c.region + "/" + c.service + "/aws4_request"
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
