package expr_test

import (
	"bytes"
	"cmp"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// FuzzKey has the order of keys be that of the values, and no key be the beginning of
// another one, so that keys can stand behind one another.
func FuzzKey(f *testing.F) {
	f.Add("", "a", "1", "-1")
	f.Add("a", "a\x00", "1e125", "0.1")
	f.Add("\xff", "\x00\xff", "99999999999999999999999999999999999999", "1E-130")
	f.Fuzz(func(t *testing.T, a, b, m, n string) {
		compare(t, expr.String(a), expr.String(b), strings.Compare(a, b))
		compare(t, expr.Binary(a), expr.Binary(b), strings.Compare(a, b))
		x, err := expr.ParseNumber(m)
		y, err2 := expr.ParseNumber(n)
		if err == nil && err2 == nil {
			compare(t, x, y, x.Compare(y))
		}
	})
}

func compare(t *testing.T, a, b expr.Value, want int) {
	t.Helper()
	x, y := expr.AppendKey(nil, a), expr.AppendKey(nil, b)
	if got := bytes.Compare(x, y); cmp.Compare(got, 0) != cmp.Compare(want, 0) {
		t.Fatalf("%v and %v: the keys compare as %d, the values as %d", a, b, got, want)
	}
	if want != 0 && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
		t.Fatalf("the key of one of %v and %v begins with the other's", a, b)
	}
}
