package s3

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

const corpus = "../../../../shared/corpus/aws/s3.jsonl"

// A pair is a call and what AWS answered.
type pair struct {
	Op      string `json:"op"`
	Request struct {
		Bucket, Key, ContentType string
		Body                     json.RawMessage
	} `json:"request"`
	Recorded struct {
		Body                                           json.RawMessage
		ETag, ContentType, ServerSideEncryption        string
		ChecksumCRC32, ChecksumCRC64NVME, ChecksumType string
		ContentLength                                  int64
		AcceptRanges                                   string
		Error                                          *struct{ Code, Message, Key string }
	} `json:"recorded"`
}

// TestCorpus replays what was recorded of AWS. Objects that others than S3's client
// had written are written here without a checksum, as they did.
func TestCorpus(t *testing.T) {
	t.Parallel()
	f, err := os.Open(corpus)
	if err != nil {
		t.Skip("the corpus of recorded answers is not there: ", err)
	}
	defer f.Close()
	w := newWorld(t)
	w.bucket(t, "corpus")
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	ran := 0
	for lines.Scan() {
		var p pair
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		key := strconv.Itoa(ran)
		ran++
		r := p.Recorded
		switch {
		case p.Op == "put_object":
			out, err := w.put(t, "corpus", key, bodyOf(t, p.Request.Body))
			if err != nil {
				t.Errorf("line %d: %v", ran, err)
				continue
			}
			got := []string{*out.ETag, *out.ChecksumCRC32, string(out.ChecksumType), string(out.ServerSideEncryption)}
			same(t, ran, got, []string{r.ETag, r.ChecksumCRC32, r.ChecksumType, r.ServerSideEncryption})
		case p.Op == "get_object" && r.Error != nil:
			_, _, err := w.get(t, "corpus", p.Request.Key)
			var api smithy.APIError
			if !errors.As(err, &api) {
				t.Fatal(err)
			}
			same(t, ran, []string{api.ErrorCode(), api.ErrorMessage()}, []string{r.Error.Code, r.Error.Message})
		case p.Op == "get_object":
			body := bodyOf(t, r.Body)
			_, err := w.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("corpus"), Key: &key, Body: strings.NewReader(body), ContentType: &r.ContentType}, func(o *s3.Options) {
				if r.ChecksumCRC64NVME != "" {
					o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			out, err := w.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("corpus"), Key: &key, ChecksumMode: types.ChecksumModeEnabled})
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(out.Body)
			same(t, ran,
				[]string{string(got), *out.ETag, *out.ContentType, *out.AcceptRanges, aws.ToString(out.ChecksumCRC32), aws.ToString(out.ChecksumCRC64NVME), string(out.ChecksumType), strconv.FormatInt(*out.ContentLength, 10), string(out.ServerSideEncryption)},
				[]string{body, r.ETag, r.ContentType, r.AcceptRanges, r.ChecksumCRC32, r.ChecksumCRC64NVME, r.ChecksumType, strconv.FormatInt(r.ContentLength, 10), r.ServerSideEncryption})
		default:
			t.Errorf("line %d: nothing replays %s", ran, p.Op)
		}
	}
	if ran == 0 {
		t.Error("the corpus has no pairs")
	}
}

func same(t *testing.T, line int, got, want []string) {
	t.Helper()
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("line %d: got %q, want %q", line, got[i], want[i])
		}
	}
}

// bodyOf reads a body as it was recorded: a text, bytes that are text or in base64,
// Python's notation of bytes, or JSON that was decoded.
func bodyOf(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if inner, ok := strings.CutPrefix(text, "b'"); ok {
			s, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.TrimSuffix(inner, "'"), `"`, `\"`) + `"`)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		return text
	}
	var coded map[string]string
	if json.Unmarshal(raw, &coded) == nil {
		if v, ok := coded["$bytes"]; ok {
			return v
		}
		if v, ok := coded["$b64"]; ok {
			b, err := base64.StdEncoding.DecodeString(v)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
	}
	return string(raw)
}
