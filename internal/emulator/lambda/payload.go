package lambda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// checkPayload returns AWS's error for an event that is too large or not JSON.
// AWS's texts are those of its JSON parser, Jackson.
func checkPayload(b []byte) error {
	if len(b) > maxPayload {
		return &types.RequestTooLargeException{
			Message: aws.String(fmt.Sprintf("%d byte payload is too large for the RequestResponse invocation type (limit %d bytes)", len(b), maxPayload)),
			Type:    user,
		}
	}
	if len(b) == 0 || json.Valid(b) {
		return nil
	}
	what, at := jsonError(b)
	line := 1 + bytes.Count(b[:at], []byte("\n"))
	column := at - bytes.LastIndexByte(b[:at], '\n')
	return &types.InvalidRequestContentException{
		Message: aws.String(fmt.Sprintf("Could not parse request body into json: Could not parse payload into json: %s\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: %d, column: %d]", what, line, column)),
		Type:    user,
	}
}

const expected = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"

// jsonError says what is wrong with b and at which byte.
func jsonError(b []byte) (what string, at int) {
	var v any
	err := json.Unmarshal(b, &v)
	bad, ok := err.(*json.SyntaxError) //nolint:errorlint // what Unmarshal returns for invalid JSON
	if !ok || int(bad.Offset) > len(b) || bad.Error() == "unexpected end of JSON input" {
		return "Unexpected end-of-input", len(b)
	}
	at = max(0, int(bad.Offset)-1)
	start := at
	for start > 0 && letter(b[start-1]) {
		start--
	}
	if letter(b[start]) { // a word that is none of JSON's
		end := start
		for end < len(b) && (letter(b[end]) || b[end] >= utf8.RuneSelf) {
			r, n := utf8.DecodeRune(b[end:])
			if r == utf8.RuneError && n == 1 {
				return fmt.Sprintf("Invalid UTF-8 start byte 0x%x", b[end]), end + 1
			}
			end += n
		}
		return fmt.Sprintf("Unrecognized token '%s': was expecting (%s)", b[start:end], expected), end
	}
	return fmt.Sprintf("Unexpected character (%s): expected a valid value (%s)", character(b[at:]), expected), at
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$'
}

// character writes a character as Jackson does.
func character(b []byte) string {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 {
		r = rune(b[0])
	}
	if r < 0x20 || r >= 0x7f && r < 0xa0 {
		return fmt.Sprintf("(CTRL-CHAR, code %d)", r)
	}
	return fmt.Sprintf("'%c' (code %d)", r, r)
}
