package s3

import (
	"crypto/md5" //nolint:gosec // what ETags are
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// sums are the checksums of a body, by algorithm, in base64.
type sums map[string]string

// claims are the checksums that a request gives; empty ones are not given.
func claims(crc32, crc32c, crc64, md5, sha1, sha256, sha512 *string) sums {
	c := sums{"CRC32": value(crc32), "CRC32C": value(crc32c), "CRC64NVME": value(crc64), "MD5": value(md5), "SHA1": value(sha1), "SHA256": value(sha256), "SHA512": value(sha512)}
	for k, v := range c {
		if v == "" {
			delete(c, k)
		}
	}
	return c
}

// get returns a pointer to a checksum, nil where there is none.
func (s sums) get(algorithm string) *string {
	if v, ok := s[algorithm]; ok {
		return &v
	}
	return nil
}

const defaultSum = "CRC64NVME"

// A stored is a body that arrived whole and is what its sender says.
type stored struct {
	part
	sums sums // one, of the algorithm that the sender chose
}

// receive stores the body of a request and checks it. The body's trailer may give
// checksums, too. Without any, S3 computes one of its own, of the fallback's kind.
func (s *Service) receive(body io.Reader, length *int64, contentMD5 *string, claimed sums, fallback string) (_ stored, err error) {
	if body == nil {
		body = strings.NewReader("")
	}
	trailer := http.Header{}
	if b, ok := body.(interface{ Trailer() http.Header }); ok {
		trailer = b.Trailer()
	}
	digest := md5.New() //nolint:gosec // what ETags are
	hashes := map[string]hash.Hash{}
	for _, name := range wire.Checksums {
		_, announced := trailer[http.CanonicalHeaderKey("x-amz-checksum-"+name)]
		if _, ok := claimed[name]; ok || announced {
			hashes[name] = wire.NewChecksum(name)
		}
	}
	for name := range trailer {
		if algorithm, ok := strings.CutPrefix(name, "X-Amz-Checksum-"); ok && wire.NewChecksum(strings.ToUpper(algorithm)) == nil {
			return stored{}, failure(http.StatusNotImplemented, "NotImplemented", "The emulator does not implement the checksum "+strings.ToUpper(algorithm))
		}
	}
	if len(hashes) > 1 {
		return stored{}, failure(http.StatusBadRequest, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	}
	if len(hashes) == 0 {
		hashes[fallback] = wire.NewChecksum(fallback)
	}
	to := []io.Writer{digest}
	for _, h := range hashes {
		to = append(to, h)
	}
	var out stored
	out.Blob, out.Size, err = s.blobs.put(io.TeeReader(body, io.MultiWriter(to...)))
	if err != nil {
		return stored{}, err
	}
	defer func() {
		if err != nil {
			s.blobs.remove(out.Blob)
		}
	}()
	if _, coded := body.(*wire.Body); length != nil && !coded && *length != out.Size {
		return stored{}, failure(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	md5sum := digest.Sum(nil)
	if contentMD5 != nil {
		want, err := base64.StdEncoding.DecodeString(*contentMD5)
		if err != nil || len(want) != md5.Size {
			return stored{}, failure(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.", "Content-MD5", *contentMD5)
		}
		if string(want) != string(md5sum) {
			return stored{}, failure(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.",
				"ExpectedDigest", hex.EncodeToString(want), "CalculatedDigest", hex.EncodeToString(md5sum))
		}
	}
	out.ETag, out.sums = hex.EncodeToString(md5sum), sums{}
	for name, h := range hashes {
		got := base64.StdEncoding.EncodeToString(h.Sum(nil))
		for _, want := range []string{claimed[name], trailer.Get("x-amz-checksum-" + name)} {
			if want == "" {
				continue
			}
			if raw, err := base64.StdEncoding.DecodeString(want); err != nil || len(raw) != h.Size() {
				return stored{}, failure(http.StatusBadRequest, "InvalidRequest", "Value for x-amz-checksum-"+strings.ToLower(name)+" header is invalid.")
			}
			if want != got {
				return stored{}, failure(http.StatusBadRequest, "BadDigest", "The "+name+" you specified did not match the calculated checksum.")
			}
		}
		out.sums[name], out.Sum = got, got
	}
	return out, nil
}

// composite is the checksum of a multipart upload made of those of its parts.
func composite(algorithm string, parts []part) string {
	h := wire.NewChecksum(algorithm)
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Sum)
		if err != nil {
			continue // sums are ours
		}
		h.Write(raw)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts))
}

// whole is the checksum over all the bytes of parts.
func (s *Service) whole(algorithm string, parts []part) (string, error) {
	var n int64
	for _, p := range parts {
		n += p.Size
	}
	r, err := s.blobs.open(parts, 0, n)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := wire.NewChecksum(algorithm)
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}
