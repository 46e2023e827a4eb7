package bucket

import (
	"net/url"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Place{
		"https://s3.amazonaws.com/b/k.zip":                        {Region: "us-east-1", Bucket: "b", Key: "k.zip"},
		"https://s3-eu-west-1.amazonaws.com/b/a/k.zip":            {Region: "eu-west-1", Bucket: "b", Key: "a/k.zip"},
		"https://s3.eu-west-1.amazonaws.com/b/a/k.zip":            {Region: "eu-west-1", Bucket: "b", Key: "a/k.zip"},
		"https://b.s3.amazonaws.com/a/k.zip?version=v":            {Region: "us-east-1", Bucket: "b", Key: "a/k.zip", Version: "v"},
		"https://b.s3-eu-west-1.amazonaws.com/k.zip":              {Region: "eu-west-1", Bucket: "b", Key: "k.zip"},
		"https://b.c.s3.eu-west-1.amazonaws.com/k.zip":            {Region: "eu-west-1", Bucket: "b.c", Key: "k.zip"},
		"http://127.0.0.1:9000/b/k?region=here&aws_profile=other": {Endpoint: "http://127.0.0.1:9000", Region: "here", Bucket: "b", Key: "k", Profile: "other"},
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Parse(u); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"https://s3.amazonaws.com/b":                           "names no bucket and object",
		"https://b.s3.amazonaws.com/":                          "names no bucket and object",
		"https://ec2.eu-west-1.amazonaws.com/b/k":              "is no address of S3",
		"https://s3.a.b.amazonaws.com/b/k":                     "is no address of S3",
		"ftp://s3.amazonaws.com/b/k":                           `not "ftp"`,
		"https://s3.amazonaws.com/b/k?aws_access_key_secret=x": "must not have credentials in it",
		"https://s3.amazonaws.com/b/k?x=y":                     "the argument x of the query",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Parse(u); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v, want %s", text, got, err, want)
		}
	}
}
