package process

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// A Status is what an emulator says of itself.
type Status struct {
	URL      string   `json:"url"`
	PID      int      `json:"pid"`
	Build    string   `json:"build"`
	DataDir  string   `json:"data_dir"`
	Deployed int      `json:"deployed"`          // how many things it holds: tables, items, functions, roles, …
	Regions  []string `json:"regions"`           // that something is in
	Idle     int      `json:"idle_seconds"`      // since the last request that was not about the process
	IdleStop int      `json:"idle_stop_seconds"` // zero: it does not stop by itself
}

// control serves what the owner of the data_dir may ask of the process. Each
// request must bear the token.
func (p *owner) control() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST "+emulator.ControlPath+"join", func(http.ResponseWriter, *http.Request) {
		p.emulator.Touch()
		p.emulator.Settle() // between two runs there is time
	})
	m.HandleFunc("GET "+emulator.ControlPath+"status", func(w http.ResponseWriter, _ *http.Request) {
		s, err := p.status()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s) // a caller that went away needs no answer
	})
	m.HandleFunc("POST "+emulator.ControlPath+"reset", func(w http.ResponseWriter, r *http.Request) {
		if err := p.emulator.Reset(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	m.HandleFunc("POST "+emulator.ControlPath+"stop", func(http.ResponseWriter, *http.Request) { p.stop() })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(token), []byte(p.address.Token)) != 1 {
			http.Error(w, "the request does not bear this emulator's token, which is in the address file of its data_dir", http.StatusUnauthorized)
			return
		}
		m.ServeHTTP(w, r)
	})
}

func (p *owner) status() (Status, error) {
	n, err := p.emulator.Deployed()
	if err != nil {
		return Status{}, err
	}
	regions, err := p.emulator.Regions()
	if err != nil {
		return Status{}, err
	}
	return Status{
		URL: p.address.URL, PID: p.address.PID, Build: p.address.Build, DataDir: p.folder.path,
		Deployed: n, Regions: regions, Idle: int(p.emulator.Idle().Seconds()), IdleStop: int(p.idleStop.Seconds()),
	}, nil
}

// direct is a client that goes through no proxy.
var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// call asks the emulator's process for something; out receives the JSON answer
// if it is not nil.
func (a *Address) call(ctx context.Context, method, what string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, a.URL+emulator.ControlPath+what, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.Token)
	resp, err := direct.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the emulator at %s answered %s: %s", a.URL, resp.Status, strings.TrimSpace(string(body)))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(body, out)
}

// answers reports whether the emulator that wrote this address is the one that
// answers there, when it is asked for something.
func (a *Address) answers(ctx context.Context, method, what string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // on a machine that is busy
	defer cancel()
	return a.call(ctx, method, what, nil) == nil
}

// Status asks the emulator about itself.
func (a *Address) Status(ctx context.Context) (Status, error) {
	var s Status
	if err := a.call(ctx, http.MethodGet, "status", &s); err != nil {
		return s, fmt.Errorf("asking the emulator for its status: %w", err)
	}
	return s, nil
}

// Reset makes the emulator as if new.
func (a *Address) Reset(ctx context.Context) error {
	if err := a.call(ctx, http.MethodPost, "reset", nil); err != nil {
		return fmt.Errorf("resetting the emulator: %w", err)
	}
	return nil
}
