package env

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// A ForeignError refuses a host that is not this machine.
type ForeignError struct{ Host string }

// Error names the host.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("the emulator calls only servers of this machine (127.0.0.1, localhost, *.localhost), not %s", e.Host)
}

// IsLoopback reports whether a host is this machine: an address of the loopback
// interface, localhost, or a name below it. No name is looked up for that.
func IsLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// Loopback returns a transport to servers of this machine. Requests to others fail
// with a [ForeignError], and nothing is sent anywhere.
func Loopback() *http.Transport {
	var d net.Dialer
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			if !IsLoopback(host) {
				return nil, &ForeignError{host}
			}
			if strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), "localhost") {
				host = "127.0.0.1" // resolvers do not know every name below localhost
			}
			return d.DialContext(ctx, network, net.JoinHostPort(host, port))
		},
		DisableCompression: true,
		MaxIdleConns:       16,
		IdleConnTimeout:    time.Minute,
	}
}
