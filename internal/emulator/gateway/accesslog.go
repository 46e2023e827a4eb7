package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// contextVariable is a variable in the format of an access log.
var contextVariable = regexp.MustCompile(`\$context\.[a-zA-Z0-9_.:-]*[a-zA-Z0-9_]`)

// record writes the line of the access log.
func (q *request) record() {
	if q.stage == nil || q.stage.Log == nil {
		return
	}
	q.g.note(q.stage.Log, q.api, q.stage, q.stage.Log.line(q.context))
}

// line is the format with the values of its variables. What has no value is a dash.
func (l *AccessLog) line(lookup func(name string) (string, bool)) string {
	return contextVariable.ReplaceAllStringFunc(l.Format, func(name string) string {
		if v, ok := lookup(name[len("$context."):]); ok {
			return v
		}
		return "-"
	})
}

// note appends a line to an access log.
func (g *Gateway) note(l *AccessLog, a *API, st *Stage, line string) {
	ctx := env.WithScope(context.Background(), l.Scope) // also of a client that has left
	sum := sha256.Sum256([]byte(a.ID + "/" + st.Name))
	if err := g.links.Logs.Append(ctx, l.Group, hex.EncodeToString(sum[:16]), g.clock.Now(), nil, line); err != nil {
		g.log.Warn("an access log could not be written", "api", a.ID, "stage", st.Name, "error", err)
	}
}
