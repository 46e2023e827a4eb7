// Package bucket reads packages that are kept in S3, with the credentials that the
// SDK of AWS finds.
//
// It must not know what is in a package, nor what it is for.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Place is an object in a bucket, or the beginning of the names of several.
type Place struct {
	Endpoint string // of a service that is not AWS; empty for AWS
	Region   string
	Bucket   string
	Key      string
	Version  string // of the object; empty for the newest
	Profile  string // of the credentials; empty for the default
}

// Parse reads a URL such as https://s3.amazonaws.com/BUCKET/KEY,
// https://s3-REGION.amazonaws.com/BUCKET/KEY, https://s3.REGION.amazonaws.com/BUCKET/KEY,
// https://BUCKET.s3.REGION.amazonaws.com/KEY or, of any other host,
// https://HOST/BUCKET/KEY?region=REGION. The query may have version, region and
// aws_profile.
func Parse(u *url.URL) (Place, error) {
	q := u.Query()
	p := Place{Region: q.Get("region"), Version: q.Get("version"), Profile: q.Get("aws_profile")}
	for name := range q {
		switch name {
		case "region", "version", "aws_profile":
		case "aws_access_key_id", "aws_access_key_secret", "aws_access_token":
			return p, fmt.Errorf("a source must not have credentials in it, such as %s: give them by the environment or a profile", name)
		default:
			return p, fmt.Errorf("the argument %s of the query is not supported for buckets: there are version, region and aws_profile", name)
		}
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return p, fmt.Errorf("a bucket has an address with https, not %q", u.Scheme)
	}
	path := strings.TrimPrefix(u.Path, "/")
	host, ok := strings.CutSuffix(u.Hostname(), ".amazonaws.com")
	if !ok {
		p.Endpoint = u.Scheme + "://" + u.Host
		p.Bucket, p.Key, _ = strings.Cut(path, "/")
		return p.checked()
	}
	// What is before amazonaws.com: [BUCKET.]s3[(.|-)REGION].
	words := strings.Split(host, ".")
	at := len(words) - 1
	for at >= 0 && words[at] != "s3" && !strings.HasPrefix(words[at], "s3-") {
		at--
	}
	switch {
	case at < 0 || len(words) > at+2 || len(words) == at+2 && words[at] != "s3":
		return p, fmt.Errorf("%s is no address of S3", u.Host)
	case len(words) == at+2:
		p.Region = words[at+1]
	case words[at] != "s3":
		p.Region = strings.TrimPrefix(words[at], "s3-")
	}
	if p.Bucket, p.Key = strings.Join(words[:at], "."), path; at == 0 {
		p.Bucket, p.Key, _ = strings.Cut(path, "/")
	}
	return p.checked()
}

func (p Place) checked() (Place, error) {
	if p.Bucket == "" || p.Key == "" {
		return p, errors.New("it names no bucket and object, such as https://s3.amazonaws.com/BUCKET/KEY.zip")
	}
	if p.Region == "" {
		p.Region = "us-east-1"
	}
	return p, nil
}

func (p Place) client(ctx context.Context) (*s3.Client, error) {
	options := []func(*config.LoadOptions) error{config.WithRegion(p.Region)}
	if p.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(p.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("finding credentials of AWS: %w", err)
	}
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		if p.Endpoint != "" {
			o.BaseEndpoint = &p.Endpoint
		}
		o.UsePathStyle = o.BaseEndpoint != nil // other services have no host name for each bucket
		o.DisableLogOutputChecksumValidationSkipped = true
	}), nil
}

// Open reads the object.
func (p Place) Open(ctx context.Context) (io.ReadCloser, error) {
	c, err := p.client(ctx)
	if err != nil {
		return nil, err
	}
	in := &s3.GetObjectInput{Bucket: &p.Bucket, Key: &p.Key}
	if p.Version != "" {
		in.VersionId = &p.Version
	}
	out, err := c.GetObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("reading %s of the bucket %s: %w", p.Key, p.Bucket, err)
	}
	return out.Body, nil
}

// Copy writes all objects whose names begin with the key and a slash into dir, which
// does not exist, under what their names have behind it: at most limit bytes.
func (p Place) Copy(ctx context.Context, dir string, limit int64) error {
	c, err := p.client(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	prefix := strings.TrimSuffix(p.Key, "/") + "/"
	pages, found := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: &p.Bucket, Prefix: &prefix}), false
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("listing %s of the bucket %s: %w", prefix, p.Bucket, err)
		}
		for _, o := range page.Contents {
			name := filepath.FromSlash(strings.TrimPrefix(aws.ToString(o.Key), prefix))
			if name == "" || strings.HasSuffix(name, string(filepath.Separator)) {
				continue // stands for a folder
			}
			if limit -= aws.ToInt64(o.Size); limit < 0 {
				return errors.New("there is too much to fetch")
			}
			one := p
			one.Key, one.Version, found = *o.Key, "", true
			if err := one.save(ctx, c, root, name); err != nil {
				return err
			}
		}
	}
	if !found {
		return fmt.Errorf("the bucket %s has neither an archive nor objects below %s", p.Bucket, prefix)
	}
	return nil
}

// save writes the object to the file name below root.
func (p Place) save(ctx context.Context, c *s3.Client, root *os.Root, name string) error {
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.Bucket, Key: &p.Key})
	if err != nil {
		return fmt.Errorf("reading %s of the bucket %s: %w", p.Key, p.Bucket, err)
	}
	defer out.Body.Close()
	if !filepath.IsLocal(name) {
		return fmt.Errorf("the object %s would be outside of the package", p.Key)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, out.Body)
	return errors.Join(err, f.Close())
}
