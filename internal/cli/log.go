package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// providerLog is the log of the providers in other processes, as TF_LOG or
// TF_LOG_PROVIDER asks for it; nil if neither does.
func providerLog() (hclog.Logger, error) {
	level := os.Getenv("TF_LOG_PROVIDER")
	if level == "" {
		level = os.Getenv("TF_LOG")
	}
	level = strings.ToUpper(level)
	if level == "" || level == "OFF" {
		return nil, nil
	}
	asJSON := level == "JSON"
	at := hclog.LevelFromString(level)
	if asJSON || at == hclog.NoLevel {
		at = hclog.Trace // what Terraform takes any other word for
	}
	var out io.Writer = os.Stderr
	if path := os.Getenv("TF_LOG_PATH"); path != "" {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // the user names the file
		if err != nil {
			return nil, fmt.Errorf("opening the log that TF_LOG_PATH names: %w", err)
		}
		out = f
	}
	return hclog.New(&hclog.LoggerOptions{Name: "provider", Level: at, Output: out, JSONFormat: asJSON, IndependentLevels: true}), nil
}
