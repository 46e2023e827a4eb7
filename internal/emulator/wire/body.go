package wire

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// A Body is the body of a restXml request while it arrives. It takes the
// aws-chunked encoding off, and checks at its end what the request's signature
// says of it: a reader that gets [io.EOF] has read what the signer sent.
type Body struct {
	src  *bufio.Reader
	sum  hash.Hash // nil: the body is not signed
	want string    // the sum, in hex

	chunked bool
	signer  *chunkSigner // of chunks; nil: they are not signed
	left    int64        // of the chunk that is being read
	chunk   hash.Hash    // of that chunk
	claimed string       // its signature
	trailer http.Header
	err     error // sticks
}

// Trailer has the headers that come after the body. Those that the request
// announces are there from the beginning, without a value.
func (b *Body) Trailer() http.Header { return b.trailer }

const (
	unsignedPayload  = "UNSIGNED-PAYLOAD"
	streamingPayload = "STREAMING-"
	signedChunks     = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
)

// newBody prepares the body of c's request.
func newBody(c *call) (*Body, error) {
	b := &Body{src: bufio.NewReader(http.NoBody), trailer: http.Header{}}
	if c.r.Body != nil {
		b.src = bufio.NewReader(c.r.Body)
	}
	switch content := c.r.Header.Get("X-Amz-Content-Sha256"); {
	case content == "" || content == unsignedPayload:
	case strings.HasPrefix(content, streamingPayload):
		b.chunked = true
		if strings.HasPrefix(content, signedChunks) {
			b.signer = c.chunks
		}
		for name := range strings.SplitSeq(c.r.Header.Get("X-Amz-Trailer"), ",") {
			if name = strings.TrimSpace(name); name != "" {
				b.trailer[http.CanonicalHeaderKey(name)] = nil
			}
		}
	case len(content) == hex.EncodedLen(sha256.Size):
		b.sum, b.want = sha256.New(), content
	default:
		return nil, &Error{
			Code: "InvalidArgument", Status: http.StatusBadRequest,
			Message: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, " +
				"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, " +
				"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
			Detail: []Detail{{"ArgumentName", "x-amz-content-sha256"}, {"ArgumentValue", content}},
		}
	}
	return b, nil
}

var (
	errIncomplete = &Error{
		Code: "IncompleteBody", Status: http.StatusBadRequest,
		Message: "You did not provide the number of bytes specified by the Content-Length HTTP header",
	}
	errChunks = &Error{
		Code: "InvalidChunkSizeError", Status: http.StatusForbidden,
		Message: "Only the last chunk is allowed to have a size less than 8192 bytes",
	}
	errSignature = &Error{Code: "SignatureDoesNotMatch", Message: s3Denials["SignatureDoesNotMatch"].message, Status: http.StatusForbidden}
)

// Read implements [io.Reader].
func (b *Body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.read(p)
	if b.sum != nil {
		b.sum.Write(p[:n])
	}
	if errors.Is(err, io.EOF) && b.sum != nil && hex.EncodeToString(b.sum.Sum(nil)) != b.want {
		err = &Error{
			Code: "XAmzContentSHA256Mismatch", Message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
			Status: http.StatusBadRequest,
			Detail: []Detail{{"ClientComputedContentSHA256", b.want}, {"S3ComputedContentSHA256", hex.EncodeToString(b.sum.Sum(nil))}},
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errIncomplete
	}
	b.err = err
	return n, err
}

func (b *Body) read(p []byte) (int, error) {
	if !b.chunked {
		return b.src.Read(p)
	}
	if b.left == 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
		if b.left == 0 {
			return 0, b.end()
		}
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.src.Read(p)
	b.left -= int64(n)
	b.chunk.Write(p[:n])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && b.left == 0 {
		err = b.endChunk()
	}
	return n, err
}

// next reads the head of a chunk: its size in hex, and its signature.
func (b *Body) next() error {
	line, err := b.line()
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	if b.left, err = strconv.ParseInt(size, 16, 64); err != nil || b.left < 0 {
		return errChunks
	}
	b.claimed = strings.TrimPrefix(extension, "chunk-signature=")
	b.chunk = sha256.New()
	return nil
}

// endChunk reads the end of a chunk's line, and checks its signature.
func (b *Body) endChunk() error {
	if line, err := b.line(); err != nil || line != "" {
		return errIncomplete
	}
	return b.verify()
}

func (b *Body) verify() error {
	if b.signer == nil || b.signer.sign("AWS4-HMAC-SHA256-PAYLOAD", emptySum, hex.EncodeToString(b.chunk.Sum(nil)), b.claimed) {
		return nil
	}
	return errSignature
}

// end reads the trailer, which follows the chunk of size 0.
func (b *Body) end() error {
	if err := b.verify(); err != nil {
		return err
	}
	signed := &bytes.Buffer{}
	signature := ""
	for {
		line, err := b.line()
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if err != nil || line == "" {
			break // some clients leave the last empty line out
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		key := http.CanonicalHeaderKey(name)
		if name == "x-amz-trailer-signature" {
			signature = value
			continue
		}
		if _, announced := b.trailer[key]; !ok || !announced {
			return &Error{Code: "MalformedTrailerError", Message: "The request contained trailing data that was not well-formed or did not conform to our published schema.", Status: http.StatusBadRequest}
		}
		b.trailer.Set(key, value)
		fmt.Fprintf(signed, "%s:%s\n", name, value)
	}
	if b.signer != nil && signed.Len() > 0 {
		sum := sha256.Sum256(signed.Bytes())
		if !b.signer.sign("AWS4-HMAC-SHA256-TRAILER", hex.EncodeToString(sum[:]), "", signature) {
			return errSignature
		}
	}
	return io.EOF
}

// maxLine bounds a line of the chunked encoding, in bytes.
const maxLine = 4 << 10

// line reads up to CR LF, which it leaves out.
func (b *Body) line() (string, error) {
	var line []byte
	for {
		part, err := b.src.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return "", errChunks
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return "", io.ErrUnexpectedEOF
		case err != nil && !errors.Is(err, io.EOF):
			return "", err
		}
		return strings.TrimRight(string(line), "\r\n"), nil
	}
}

// Close implements [io.Closer]; the server closes the request.
func (b *Body) Close() error { return nil }

// A chunkSigner checks the signatures of chunks, each of which signs the one
// before it.
type chunkSigner struct {
	key       []byte
	at, scope string
	previous  string
}

var emptySum = func() string { s := sha256.Sum256(nil); return hex.EncodeToString(s[:]) }()

// sign reports whether claimed is the signature of what has these sums, the second
// of which may be absent.
func (s *chunkSigner) sign(algorithm, first, second, claimed string) bool {
	text := strings.Join([]string{algorithm, s.at, s.scope, s.previous, first}, "\n")
	if second != "" {
		text += "\n" + second
	}
	want := hex.EncodeToString(mac(s.key, text))
	s.previous = want
	return hmac.Equal([]byte(want), []byte(claimed))
}
