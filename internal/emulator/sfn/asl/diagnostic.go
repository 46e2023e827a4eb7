package asl

import (
	"fmt"
	"strings"
)

// Severity is how bad a diagnostic is.
type Severity string

// The severities, by AWS's names.
const (
	Error   Severity = "ERROR"
	Warning Severity = "WARNING"
)

// Codes of diagnostics, by AWS's names.
const (
	InvalidJSON      = "INVALID_JSON_DESCRIPTION"
	SchemaFailed     = "SCHEMA_VALIDATION_FAILED"
	MissingEnd       = "MISSING_END_STATE"
	MissingTarget    = "MISSING_TRANSITION_TARGET"
	DuplicateState   = "DUPLICATE_STATE_NAME"
	InvalidStateName = "INVALID_STATE_NAME"
	DuplicateLabel   = "DUPLICATE_LABEL_NAME"
	InvalidLabel     = "INVALID_LABEL_NAME"
	TooDeep          = "TOO_DEEPLY_NESTED"
	NoDollar         = "NO_DOLLAR"
	NoPath           = "NO_PATH"
	ResultIsStatic   = "PASS_RESULT_IS_STATIC"
	InvalidQuery     = "INVALID_JSONATA_EXPRESSION"
	UnsupportedQuery = "UNSUPPORTED_JSONATA_EXPRESSION"
)

// Diagnostic is one finding about a definition.
type Diagnostic struct {
	Severity Severity
	Code     string
	Message  string
	Location string // such as /States/A/Next; "" where AWS gives none
}

// String is the diagnostic as it stands in the message of an InvalidDefinition.
func (d Diagnostic) String() string {
	if d.Location == "" || d.Code == InvalidJSON {
		return d.Code + ": " + d.Message
	}
	return fmt.Sprintf("%s: %s at %s", d.Code, d.Message, d.Location)
}

// Errors are the diagnostics that keep a definition from being used.
func Errors(all []Diagnostic) []Diagnostic {
	var out []Diagnostic
	for _, d := range all {
		if d.Severity == Error {
			out = append(out, d)
		}
	}
	return out
}

// Message is what an InvalidDefinition says of the errors among diagnostics.
func Message(all []Diagnostic) string {
	var parts []string
	for _, d := range Errors(all) {
		parts = append(parts, d.String())
	}
	return "Invalid State Machine Definition: '" + strings.Join(parts, ", ") + "'"
}
