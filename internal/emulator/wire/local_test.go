package wire

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestPlainNumbers reads numbers, of which none is cut.
func TestPlainNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"3": 3, "3.0": 3, "1e3": 1000, "9007199254740993": 9007199254740993} {
		var got int64
		if err := (plainForm{}).read(json.Number(text), reflect.ValueOf(&got).Elem(), "N"); err != nil || got != want {
			t.Errorf("%s: got %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"1.5", "4294967296", "1e300", "-1e19"} {
		var got int32
		if err := (plainForm{}).read(json.Number(text), reflect.ValueOf(&got).Elem(), "N"); err == nil {
			t.Errorf("%s: got %d, want a refusal", text, got)
		}
	}
}

// TestPanicsAreErrors has an operation panic that is called from within: nobody else
// would take it.
func TestPanicsAreErrors(t *testing.T) {
	t.Parallel()
	op := &operation{Operation: Operation{serve: func(context.Context, any) (any, error) { panic("oh") }}}
	if _, err := op.guarded(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "oh") {
		t.Errorf("got %v, want the panic", err)
	}
}
