package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

// emulated is what clients of an emulator have in common. The emulator of a
// data_dir is joined here, and started if there is none.
func (b *Backend) emulated(ctx context.Context) (aws.Config, error) {
	c := aws.Config{Retryer: quick, APIOptions: b.userAgent()}
	if e := b.config.Emulator; e != nil {
		id, secret := e.Credentials()
		c.Credentials = credentials.NewStaticCredentialsProvider(id, secret, "")
		c.BaseEndpoint = aws.String("http://127.0.0.1")
		c.HTTPClient = e
		return c, nil
	}
	a, err := process.Join(ctx, b.config.DataDir, b.config.Main)
	if err != nil {
		return c, err
	}
	c.Credentials = credentials.NewStaticCredentialsProvider(a.AccessKey, a.SecretKey, "")
	c.BaseEndpoint = &a.URL
	c.HTTPClient = &rejoining{
		client: &http.Client{Transport: &http.Transport{ // no proxy: the emulator is on this machine
			MaxConnsPerHost:     64, // as many as are kept: connecting costs more than waiting
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		}},
		join: func(ctx context.Context) error {
			again, err := process.Join(ctx, b.config.DataDir, b.config.Main)
			if err == nil && again.URL != a.URL {
				err = fmt.Errorf("the emulator moved from %s to %s; run the command again", a.URL, again.URL)
			}
			return err
		},
	}
	return c, nil
}

// rejoining is the client of an emulator that ends when it is idle for long: if
// nobody answers it is started again, on the same port, and the SDK's next
// attempt reaches it.
type rejoining struct {
	client *http.Client
	join   func(context.Context) error
	mu     sync.Mutex
}

func (r *rejoining) Do(req *http.Request) (*http.Response, error) {
	resp, err := r.client.Do(req) //nolint:gosec // the address is the emulator's own, of this machine
	if err == nil || !errors.Is(err, syscall.ECONNREFUSED) {
		return resp, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if again := r.join(req.Context()); again != nil {
		return nil, fmt.Errorf("%w, and starting it again: %w", err, again)
	}
	return nil, err
}
