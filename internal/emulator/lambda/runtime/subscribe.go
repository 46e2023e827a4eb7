package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// subscribeTelemetry and subscribeLogs serve PUT of the two APIs: they differ in the
// versions that they know, and in the form of the events.
func (e *environment) subscribeTelemetry(w http.ResponseWriter, r *http.Request) {
	e.subscribe(w, r, false, []string{"2022-07-01", "2022-12-13", "2025-01-29"})
}

func (e *environment) subscribeLogs(w http.ResponseWriter, r *http.Request) {
	e.subscribe(w, r, true, []string{"2020-08-15", "2021-03-18"})
}

// wish is the body of a subscription.
type wish struct {
	SchemaVersion string    `json:"schemaVersion"`
	Types         []string  `json:"types"`
	Buffering     buffering `json:"buffering"`
	Destination   struct {
		Protocol string `json:"protocol"`
		URI      string `json:"URI"`
		Port     int    `json:"port"`
		Method   string `json:"method"`
		Encoding string `json:"encoding"`
	} `json:"destination"`
}

func (e *environment) subscribe(w http.ResponseWriter, r *http.Request, logs bool, versions []string) {
	x := e.caller(w, r)
	if x == nil {
		return
	}
	in := wish{Buffering: buffering{MaxItems: 1000, MaxBytes: 256 << 10, TimeoutMs: 1000}}
	if logs {
		in.Buffering.MaxItems = 10000
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "ValidationError", "The request body is not valid JSON: "+err.Error())
		return
	}
	if in.SchemaVersion == "" && logs {
		in.SchemaVersion = versions[0]
	}
	send, text := in.check(versions)
	if text != "" {
		refuse(w, http.StatusBadRequest, "ValidationError", text)
		return
	}
	s := &subscription{extension: x.name, logs: logs, schema: in.SchemaVersion, types: in.Types, limits: in.Buffering, send: send, clock: e.host.Clock}
	api, kind := "Telemetry", "telemetrySubscription"
	if logs {
		api, kind = "Logs", "logsSubscription"
	}
	if e.telemetry.other(x.name, logs) {
		refuse(w, http.StatusForbidden, api+".SubscriptionConflict", "The extension is subscribed by the other one of the Telemetry API and the Logs API already")
		return
	}
	s.start()
	if !e.telemetry.subscribe(s) {
		s.end()
		refuse(w, http.StatusForbidden, api+".SubscriptionClosed", api+" API subscription is closed already")
		return
	}
	e.journal.platform(e.f.Log, subscribed(strings.ToUpper(api), kind, x.name, in.Types))
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "OK")
}

// other reports whether the extension is subscribed by the other API.
func (t *telemetry) other(extension string, logs bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.subs, func(s *subscription) bool { return s.extension == extension && s.logs != logs })
}

// check returns what sends batches, or what is wrong.
func (in *wish) check(versions []string) (send func(context.Context, []message) error, text string) {
	if !slices.Contains(versions, in.SchemaVersion) {
		return nil, fmt.Sprintf("schemaVersion must be one of %s", strings.Join(versions, ", "))
	}
	if len(in.Types) == 0 {
		return nil, "types must name at least one of platform, function, extension"
	}
	for _, t := range in.Types {
		if !slices.Contains([]string{"platform", "function", "extension"}, t) {
			return nil, "types: " + strconv.Quote(t) + " is none of platform, function, extension"
		}
	}
	for _, l := range []struct {
		name            string
		is, least, most int
	}{
		{"maxItems", in.Buffering.MaxItems, 1000, 10000},
		{"maxBytes", in.Buffering.MaxBytes, 256 << 10, 1 << 20},
		{"timeoutMs", in.Buffering.TimeoutMs, 25, 30000},
	} {
		if l.is < l.least || l.is > l.most {
			return nil, fmt.Sprintf("buffering.%s must be between %d and %d", l.name, l.least, l.most)
		}
	}
	d := in.Destination
	switch d.Protocol {
	case "HTTP":
		u, err := url.Parse(d.URI)
		if err != nil || u.Scheme != "http" || u.Port() == "" || u.Hostname() != "sandbox" && u.Hostname() != "sandbox.localdomain" {
			return nil, "destination.URI must be http://sandbox.localdomain:PORT/PATH"
		}
		if d.Method == "" {
			d.Method = http.MethodPost
		}
		if d.Method != http.MethodPost && d.Method != http.MethodPut {
			return nil, "destination.method must be POST or PUT"
		}
		if d.Encoding != "" && d.Encoding != "JSON" {
			return nil, "destination.encoding must be JSON"
		}
		u.Host = net.JoinHostPort("127.0.0.1", u.Port())
		return sendHTTP(d.Method, u.String()), ""
	case "TCP":
		if d.Port < 1 || d.Port > 65535 {
			return nil, "destination.port must be between 1 and 65535"
		}
		return sendTCP(net.JoinHostPort("127.0.0.1", strconv.Itoa(d.Port))), ""
	}
	return nil, "destination.protocol must be HTTP or TCP"
}

// sendHTTP returns what sends batches as JSON arrays.
func sendHTTP(method, address string) func(context.Context, []message) error {
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		// An answer must not send what the function logs to another machine.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context, batch []message) error {
		b, err := json.Marshal(batch)
		if err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(b))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(r) //nolint:gosec // to this machine alone, as checked
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
}

// sendTCP returns what sends batches as lines of JSON, over a connection for each.
func sendTCP(address string) func(context.Context, []message) error {
	return func(ctx context.Context, batch []message) error {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })()
		var lines bytes.Buffer
		enc := json.NewEncoder(&lines)
		for _, m := range batch {
			if err := enc.Encode(m); err != nil {
				return errors.Join(err, c.Close())
			}
		}
		_, err = lines.WriteTo(c)
		return errors.Join(err, c.Close())
	}
}
