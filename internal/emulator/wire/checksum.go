package wire

import (
	"crypto/md5"  //nolint:gosec // S3 takes it
	"crypto/sha1" //nolint:gosec // S3 takes it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
)

// NewChecksum returns the hash of one of S3's checksum algorithms, by its name in
// the API, such as "CRC64NVME"; nil for one that the emulator does not have.
func NewChecksum(algorithm string) hash.Hash {
	switch algorithm {
	case "CRC32":
		return crc32.NewIEEE()
	case "CRC32C":
		return crc32.New(castagnoli)
	case "CRC64NVME":
		return crc64.New(nvme)
	case "MD5":
		return md5.New() //nolint:gosec // S3 takes it
	case "SHA1":
		return sha1.New() //nolint:gosec // S3 takes it
	case "SHA256":
		return sha256.New()
	case "SHA512":
		return sha512.New()
	}
	return nil
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5) // reflected
)

// Checksums are the names that [NewChecksum] knows.
var Checksums = []string{"CRC32", "CRC32C", "CRC64NVME", "MD5", "SHA1", "SHA256", "SHA512"}

// checkDocument compares the document that a request carries with the checksums
// that its headers give.
func checkDocument(h http.Header, body []byte) error {
	differs := func(header string, sum hash.Hash) bool {
		want := h.Get(header)
		if want == "" {
			return false
		}
		sum.Write(body)
		return base64.StdEncoding.EncodeToString(sum.Sum(nil)) != want
	}
	if differs("Content-Md5", NewChecksum("MD5")) {
		return &Error{Code: "BadDigest", Message: "The Content-MD5 you specified did not match what we received.", Status: http.StatusBadRequest}
	}
	for _, name := range Checksums {
		if differs("X-Amz-Checksum-"+name, NewChecksum(name)) {
			return &Error{Code: "BadDigest", Message: "The " + name + " you specified did not match the calculated checksum.", Status: http.StatusBadRequest}
		}
	}
	return nil
}
