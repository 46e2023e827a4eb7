package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// world is S3 behind HTTP, with a client of the SDK.
type world struct {
	svc *Service
	*s3.Client
	url   string
	clock *clock.Fake
	dir   string
}

// keys knows one access key.
type keys struct{}

func (keys) Lookup(_ context.Context, id string) (secret, token string, who env.Caller, err error) {
	if id != "AKID" {
		return "", "", env.Caller{}, errors.New("no such key")
	}
	return "SECRET", "", env.Caller{ARN: "arn:aws:iam::000000000000:root"}, nil
}

func newWorld(t *testing.T) *world { return newWorldIn(t, t.TempDir()) }

func newWorldIn(t *testing.T, dir string) *world {
	t.Helper()
	st, err := store.Open(dir + "/store.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	w := &world{dir: dir, clock: clock.NewFake(time.Now())}
	e := &env.Env{Clock: w.clock, Store: st, Log: slog.New(slog.DiscardHandler), Dir: dir, URL: func() (string, error) { return w.url, nil }}
	if w.svc, err = New(e); err != nil {
		t.Fatal(err)
	}
	h, err := wire.New(wire.Config{Services: []wire.Service{w.svc.Wire()}, Keys: keys{}, Clock: w.clock, Log: e.Log})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(rw, r.WithContext(env.WithScope(r.Context(), env.Scope{Account: "000000000000", Region: "us-east-1"})))
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	w.Client = w.client("us-east-1", true)
	return w
}

func (w *world) client(region string, pathStyle bool) *s3.Client {
	return s3.New(s3.Options{
		Region: region, BaseEndpoint: &w.url, UsePathStyle: pathStyle, Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		Retryer: aws.NopRetryer{}, RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	})
}

// files counts the bodies that are kept.
func (w *world) files(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(w.dir + "/s3")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func (w *world) bucket(t *testing.T, name string) {
	t.Helper()
	if _, err := w.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) put(t *testing.T, bucket, key, body string, more ...func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)}
	for _, f := range more {
		f(in)
	}
	return w.PutObject(t.Context(), in)
}

func (w *world) get(t *testing.T, bucket, key string) (string, *s3.GetObjectOutput, error) {
	t.Helper()
	out, err := w.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", nil, err
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	return string(b), out, err
}

// code is the code and the status of an AWS error.
func code(err error) string {
	if err == nil {
		return ""
	}
	var api smithy.APIError
	var resp interface{ HTTPStatusCode() int }
	if !errors.As(err, &api) || !errors.As(err, &resp) {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", resp.HTTPStatusCode(), api.ErrorCode())
}

func want(t *testing.T, err error, wanted string) {
	t.Helper()
	if got := code(err); got != wanted {
		t.Errorf("got %q (%v), want %q", got, err, wanted)
	}
}

func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "locks")
	none := func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
	match := func(etag string) func(*s3.PutObjectInput) {
		return func(in *s3.PutObjectInput) { in.IfMatch = &etag }
	}
	_, err := w.put(t, "locks", "l", "1", match(`"x"`))
	want(t, err, "404 NoSuchKey")
	first, err := w.put(t, "locks", "l", "1", none)
	want(t, err, "")
	_, err = w.put(t, "locks", "l", "2", none)
	want(t, err, "412 PreconditionFailed")
	_, err = w.put(t, "locks", "l", "2", match(`"0000"`))
	want(t, err, "412 PreconditionFailed")
	_, err = w.put(t, "locks", "l", "2", match(*first.ETag))
	want(t, err, "")
	if got, _, _ := w.get(t, "locks", "l"); got != "2" {
		t.Errorf("got %q, want 2", got)
	}
	if n := w.files(t); n != 1 {
		t.Errorf("%d bodies are kept, want 1", n)
	}
	// Of many at once, one wins.
	errs := make(chan error)
	for i := range 16 {
		go func() {
			_, err := w.put(t, "locks", "race", fmt.Sprint(i), none)
			errs <- err
		}()
	}
	won := 0
	for range 16 {
		if err := <-errs; err == nil {
			won++
		} else {
			want(t, err, "412 PreconditionFailed")
		}
	}
	if won != 1 {
		t.Errorf("%d writers won, want 1", won)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "bodies")
	big := make([]byte, 3<<20)
	_, _ = rand.Read(big)
	for _, body := range []string{"", "x", string(big)} {
		if _, err := w.put(t, "bodies", "a/b c+d/ü%", body, func(in *s3.PutObjectInput) {
			in.Metadata = map[string]string{"one": "1"}
			in.ContentType = aws.String("text/plain")
			in.Tagging = aws.String("k=v&a=b%20c")
		}); err != nil {
			t.Fatal(err)
		}
		got, out, err := w.get(t, "bodies", "a/b c+d/ü%")
		if err != nil || got != body {
			t.Fatalf("%d bytes: got %d (%v)", len(body), len(got), err)
		}
		if out.Metadata["one"] != "1" || *out.ContentType != "text/plain" || *out.TagCount != 2 || out.ServerSideEncryption != "AES256" {
			t.Errorf("got %+v", out)
		}
	}
	for spec, wanted := range map[string]string{"bytes=0-3": "0-3", "bytes=-4": "-4", "bytes=3145000-": "3145000-"} {
		out, err := w.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bodies"), Key: aws.String("a/b c+d/ü%"), Range: &spec})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(out.Body)
		part := map[string][]byte{"0-3": big[:4], "-4": big[len(big)-4:], "3145000-": big[3145000:]}[wanted]
		if !bytes.Equal(got, part) || *out.ContentLength != int64(len(part)) {
			t.Errorf("%s: got %d bytes, want %d", spec, len(got), len(part))
		}
	}
	_, err := w.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bodies"), Key: aws.String("a/b c+d/ü%"), Range: aws.String("bytes=99999999-")})
	want(t, err, "416 InvalidRange")
	_, err = w.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bodies"), Key: aws.String("none")})
	want(t, err, "404 NotFound")
	head, err := w.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("bodies"), Key: aws.String("a/b c+d/ü%")})
	if err != nil || *head.ContentLength != 3<<20 {
		t.Errorf("got %v, %v", head, err)
	}
	for _, algorithm := range []types.ChecksumAlgorithm{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		if _, err := w.put(t, "bodies", "sum", "x", func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = algorithm }); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
		out, err := w.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bodies"), Key: aws.String("sum"), ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(out.Body); err != nil { // the client checks
			t.Errorf("%s: %v", algorithm, err)
		}
	}
	_, err = w.put(t, "bodies", "sum", "x", func(in *s3.PutObjectInput) {
		in.ChecksumSHA256 = aws.String("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
	})
	want(t, err, "400 BadDigest")
	_, err = w.put(t, "bodies", "k", "x", func(in *s3.PutObjectInput) { in.SSEKMSKeyId = aws.String("k") })
	want(t, err, "501 NotImplemented")
	_, err = w.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: aws.String("bodies")})
	want(t, err, "501 NotImplemented")
}

func TestVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "vvv")
	b, k := aws.String("vvv"), aws.String("k")
	if _, err := w.put(t, "vvv", "k", "before"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: b, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"}}); err != nil {
		t.Fatal(err)
	}
	one, _ := w.put(t, "vvv", "k", "one")
	two, err := w.put(t, "vvv", "k", "two")
	if err != nil || one.VersionId == nil || *one.VersionId == *two.VersionId {
		t.Fatalf("got %v and %v (%v)", one, two, err)
	}
	old, err := w.GetObject(t.Context(), &s3.GetObjectInput{Bucket: b, Key: k, VersionId: one.VersionId})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(old.Body); string(got) != "one" {
		t.Errorf("got %q, want one", got)
	}
	gone, err := w.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: b, Key: k})
	if err != nil || !*gone.DeleteMarker {
		t.Fatalf("got %v, %v", gone, err)
	}
	_, _, err = w.get(t, "vvv", "k")
	want(t, err, "404 NoSuchKey")
	list, err := w.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: b})
	if err != nil || len(list.Versions) != 3 || len(list.DeleteMarkers) != 1 || !*list.DeleteMarkers[0].IsLatest || *list.Versions[2].VersionId != "null" {
		t.Fatalf("got %+v, %v", list, err)
	}
	_, err = w.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: b})
	want(t, err, "409 BucketNotEmpty")
	// The marker away, the object is back.
	if _, err := w.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: b, Key: k, VersionId: gone.VersionId}); err != nil {
		t.Fatal(err)
	}
	if got, _, err := w.get(t, "vvv", "k"); got != "two" {
		t.Errorf("got %q (%v), want two", got, err)
	}
	page, err := w.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: b, MaxKeys: aws.Int32(2)})
	if err != nil || !*page.IsTruncated || *page.NextVersionIdMarker != *one.VersionId {
		t.Fatalf("got %+v, %v", page, err)
	}
	page, err = w.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: b, KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker})
	if err != nil || len(page.Versions) != 1 || *page.Versions[0].IsLatest {
		t.Fatalf("got %+v, %v", page, err)
	}
	for _, id := range []*string{one.VersionId, two.VersionId, aws.String("null")} {
		if _, err := w.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: b, Key: k, VersionId: id}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: b})
	want(t, err, "")
	if n := w.files(t); n != 0 {
		t.Errorf("%d bodies stay behind", n)
	}
}

func TestListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "list")
	for _, k := range []string{"a", "d/1", "d/2", "d/e/1", "é", "z"} {
		if _, err := w.put(t, "list", k, k); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		prefix, delimiter, want string
	}{
		{"", "", "a d/1 d/2 d/e/1 z é"},
		{"", "/", "a d/| z é"},
		{"d/", "/", "d/1 d/2 d/e/|"},
		{"x", "/", ""},
	} {
		for size := int32(1); size < 7; size++ {
			var got []string
			p := s3.NewListObjectsV2Paginator(w.Client, &s3.ListObjectsV2Input{Bucket: aws.String("list"), Prefix: &c.prefix, Delimiter: &c.delimiter, MaxKeys: &size})
			for p.HasMorePages() {
				page, err := p.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range page.Contents {
					got = append(got, *o.Key)
				}
				for _, o := range page.CommonPrefixes {
					got = append(got, *o.Prefix+"|")
				}
			}
			if size == 1 && strings.Join(got, " ") != c.want {
				t.Errorf("%q %q: got %v, want %s", c.prefix, c.delimiter, got, c.want)
			}
			if len(got) != len(strings.Fields(c.want)) {
				t.Errorf("%q %q by %d: got %v, want %s", c.prefix, c.delimiter, size, got, c.want)
			}
		}
	}
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "multi")
	b, k := aws.String("multi"), aws.String("k")
	for _, algorithm := range []types.ChecksumAlgorithm{"", "CRC32", "SHA256", "CRC64NVME"} {
		up, err := w.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: b, Key: k, ChecksumAlgorithm: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		body := bytes.Repeat([]byte("x"), 5<<20)
		one, err := w.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: b, Key: k, UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(body), ChecksumAlgorithm: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		two, err := w.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: b, Key: k, UploadId: up.UploadId, PartNumber: aws.Int32(7), Body: strings.NewReader("end"), ChecksumAlgorithm: algorithm})
		if err != nil {
			t.Fatal(err)
		}
		list, err := w.ListParts(t.Context(), &s3.ListPartsInput{Bucket: b, Key: k, UploadId: up.UploadId})
		if err != nil || len(list.Parts) != 2 {
			t.Fatalf("got %v, %v", list, err)
		}
		complete := func(parts ...types.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
			return w.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: b, Key: k, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		}
		first := types.CompletedPart{PartNumber: aws.Int32(1), ETag: one.ETag, ChecksumCRC32: one.ChecksumCRC32, ChecksumSHA256: one.ChecksumSHA256}
		second := types.CompletedPart{PartNumber: aws.Int32(7), ETag: two.ETag, ChecksumCRC32: two.ChecksumCRC32, ChecksumSHA256: two.ChecksumSHA256}
		_, err = complete(second, first)
		want(t, err, "400 InvalidPartOrder")
		_, err = complete(types.CompletedPart{PartNumber: aws.Int32(1), ETag: two.ETag})
		want(t, err, "400 InvalidPart")
		out, err := complete(first, second)
		if err != nil || !strings.HasSuffix(*out.ETag, `-2"`) {
			t.Fatalf("%s: got %v, %v", algorithm, out, err)
		}
		_, err = complete(first, second)
		want(t, err, "404 NoSuchUpload")
		if got, _, err := w.get(t, "multi", "k"); err != nil || len(got) != 5<<20+3 || !strings.HasSuffix(got, "xend") {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		if _, err := w.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: b, Key: aws.String("copy"), CopySource: aws.String("multi/k")}); err != nil {
			t.Fatal(err)
		}
		if got, _, err := w.get(t, "multi", "copy"); err != nil || len(got) != 5<<20+3 {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	}
	if n := w.files(t); n != 3 {
		t.Errorf("%d bodies are kept, want 3", n)
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "entries")
	virtual := w.client("us-east-1", false)
	if _, err := virtual.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("entries"), Key: aws.String("k"), Body: strings.NewReader("x")}, func(o *s3.Options) {
		o.BaseEndpoint = aws.String(strings.Replace(w.url, "127.0.0.1", "localhost", 1))
		o.HTTPClient = &http.Client{Transport: loopback{}}
	}); err != nil {
		t.Errorf("with the bucket in the host: %v", err)
	}
	_, err := w.client("eu-north-1", true).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("entries"), Key: aws.String("k")})
	want(t, err, "400 AuthorizationHeaderMalformed")
	_, err = s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &w.url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("AKID", "WRONG", "")}).ListBuckets(t.Context(), &s3.ListBucketsInput{})
	want(t, err, "403 SignatureDoesNotMatch")
	_, err = s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &w.url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("NOBODY", "WRONG", "")}).ListBuckets(t.Context(), &s3.ListBucketsInput{})
	want(t, err, "403 InvalidAccessKeyId")

	signed, err := s3.NewPresignClient(w.Client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("entries"), Key: aws.String("k")}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	fetch := func() (int, string) {
		resp, err := http.Get(signed.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	if status, body := fetch(); status != 200 || body != "x" {
		t.Errorf("presigned: got %d %s", status, body)
	}
	w.clock.Advance(2 * time.Minute)
	if status, body := fetch(); status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code><Message>Request has expired</Message>") {
		t.Errorf("expired: got %d %s", status, body)
	}
}

// loopback sends every request to this machine, whatever the name before
// ".localhost" is: not every resolver knows those.
type loopback struct{}

func (loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = r.URL.Host
	r.URL.Host = "127.0.0.1:" + r.URL.Port()
	return http.DefaultTransport.RoundTrip(r)
}

func TestSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWorldIn(t, dir)
	w.bucket(t, "keep")
	if _, err := w.put(t, "keep", "k", "still here"); err != nil {
		t.Fatal(err)
	}
	if err := w.svc.env.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/s3/half", []byte("of a request that was cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := newWorldIn(t, dir)
	if got, _, err := again.get(t, "keep", "k"); err != nil || got != "still here" {
		t.Errorf("got %q, %v", got, err)
	}
	if n := again.files(t); n != 1 {
		t.Errorf("%d bodies are kept, want 1", n)
	}
}

// TestChunks sends bodies in the aws-chunked encoding.
func TestChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "chunks")
	any, err := wire.New(wire.Config{Services: []wire.Service{w.svc.Wire()}, AnyCredentials: true, Clock: w.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ body, trailer, want string }{
		{"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "x-amz-checksum-crc32", "200 "},
		{"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n", "x-amz-checksum-crc32", "200 "},
		{"0\r\n\r\n", "", "200 "},
		{"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "x-amz-checksum-crc32", "400 BadDigest"},
		{"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "", "400 MalformedTrailerError"},
		{"5\r\nhel", "", "400 IncompleteBody"},
		{"zz\r\nhel", "", "403 InvalidChunkSizeError"},
	} {
		r := httptest.NewRequest(http.MethodPut, "/chunks/k", strings.NewReader(c.body))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00")
		r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		r.Header.Set("X-Amz-Trailer", c.trailer)
		r.Header.Set("Content-Encoding", "aws-chunked")
		rec := httptest.NewRecorder()
		any.ServeHTTP(rec, r)
		_, got, _ := strings.Cut(rec.Body.String(), "<Code>")
		got, _, _ = strings.Cut(got, "</Code>")
		if got = fmt.Sprint(rec.Code, " ", got); got != c.want {
			t.Errorf("%q: got %s, want %s", c.body, got, c.want)
		}
	}
}

func TestVersionPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "pages")
	for _, k := range []string{"a", "d/1", "d/2", "e/1", "z"} {
		if _, err := w.put(t, "pages", k, k); err != nil {
			t.Fatal(err)
		}
	}
	for size := int32(1); size < 6; size++ {
		var got []string
		p := s3.NewListObjectVersionsPaginator(w.Client, &s3.ListObjectVersionsInput{Bucket: aws.String("pages"), Delimiter: aws.String("/"), MaxKeys: &size})
		for p.HasMorePages() && len(got) < 10 {
			page, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Versions {
				got = append(got, *v.Key)
			}
			for _, c := range page.CommonPrefixes {
				got = append(got, *c.Prefix)
			}
		}
		if slices.Sort(got); strings.Join(got, " ") != "a d/ e/ z" {
			t.Errorf("by %d: got %v", size, got)
		}
	}
}

func TestCopiesWhileRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bucket(t, "copies")
	if _, err := w.put(t, "copies", "k", "body", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"a": "1", "b": "2"} }); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 10 {
				_, err := w.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("copies"), Key: aws.String(fmt.Sprint("copy", i)), CopySource: aws.String("copies/k")})
				if err != nil {
					t.Error(err)
				}
				if _, err := w.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("copies"), Key: aws.String("k")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// TestSteady replaces what is being read, and then loses it.
func TestSteady(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		found []int64 // the newest version's number at each look
		there int64   // the version whose bytes are there
		want  error
	}{
		{[]int64{1}, 1, nil},
		{[]int64{1, 2, 3}, 3, nil},
		{[]int64{1, 2, 2}, 3, fs.ErrNotExist},
	} {
		looks, number := 0, int64(0)
		err := steady(
			func() (version, error) { number = c.found[looks]; looks++; return version{Number: number}, nil },
			func() error {
				if number != c.there {
					return fs.ErrNotExist
				}
				return nil
			})
		if !errors.Is(err, c.want) || looks != len(c.found) {
			t.Errorf("%v: got %v after %d looks, want %v", c.found, err, looks, c.want)
		}
	}
}
