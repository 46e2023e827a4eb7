package expr_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

func n(t testing.TB, s string) expr.Number {
	t.Helper()
	v, err := expr.ParseNumber(s)
	if err != nil {
		t.Fatalf("ParseNumber(%q): %v", s, err)
	}
	return v
}

func TestNumberText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.000": "0", "00012": "12", "1.50": "1.5", "-1.50e3": "-1500", "1E-3": "0.001",
		"+7": "7", ".5": "0.5", "5.": "5", "120": "120", "1e2": "100", "99.5": "99.5",
		"12345678901234567890123456789012345678":      "12345678901234567890123456789012345678",
		"123456789012345678901234567890123456780":     "123456789012345678901234567890123456780",
		"9.9999999999999999999999999999999999999E125": "99999999999999999999999999999999999999" + strings.Repeat("0", 88),
		"1E-130": "0." + strings.Repeat("0", 129) + "1",
	} {
		if got := n(t, in).String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestNumberErrors(t *testing.T) {
	t.Parallel()
	const notNumeric = "The parameter cannot be converted to a numeric value"
	for in, want := range map[string]string{
		"":        notNumeric,
		"abc":     notNumeric + ": abc",
		"1e":      notNumeric + ": 1e",
		"--1":     notNumeric + ": --1",
		".":       notNumeric + ": .",
		"1 ":      notNumeric + ": 1 ",
		"NaN":     notNumeric + ": NaN",
		"1e126":   "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"-1e9999": "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"1e-131":  "Number underflow. Attempting to store a number with magnitude smaller than supported range",
		"123456789012345678901234567890123456789": "Attempting to store more than 38 significant digits in a Number",
	} {
		_, err := expr.ParseNumber(in)
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", in, err, want)
		}
	}
}

// numbers draws decimals within DynamoDB's range.
func numbers() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		digits := rapid.StringMatching(`-?[0-9]{1,38}`).Draw(t, "digits")
		return digits + rapid.SampledFrom([]string{"", "e3", "e-5", "e87", "e-90", "e-3", "e1"}).Draw(t, "exponent")
	})
}

func TestNumberOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers().Draw(t, "a"), numbers().Draw(t, "b")
		x, _, err := apd.NewFromString(a)
		y, _, err2 := apd.NewFromString(b)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		m, err := expr.ParseNumber(a)
		k, err2 := expr.ParseNumber(b)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if got, want := m.Compare(k), x.Cmp(y); got != want {
			t.Fatalf("Compare(%s, %s) = %d, want %d", a, b, got, want)
		}
		if m != k && strings.HasPrefix(string(m), string(k)) {
			t.Fatalf("the key of %s begins with the key of %s", a, b)
		}
		back, _, err := apd.NewFromString(m.String())
		if err != nil || back.Cmp(x) != 0 {
			t.Fatalf("%s came back as %s", a, m)
		}
	})
}

// TestNumberSums compares sums and differences with those of a library of decimals.
func TestNumberSums(t *testing.T) {
	t.Parallel()
	oracle := apd.Context{Precision: 38, MaxExponent: 1000, MinExponent: -1000, Rounding: apd.RoundHalfUp}
	near := rapid.SampledFrom([]string{"0", "1", "-1", "5e-38", "-5e-38", "4e-38", "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999", "0.5", "1e-130", "-1e-130", "9e125"})
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.OneOf(numbers(), near)
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		x, _, err := apd.NewFromString(a)
		y, _, err2 := apd.NewFromString(b)
		m, err3 := expr.ParseNumber(a)
		k, err4 := expr.ParseNumber(b)
		if err := errors.Join(err, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		for name, f := range map[string]struct {
			got  func(expr.Number) (expr.Number, error)
			want func(d, x, y *apd.Decimal) (apd.Condition, error)
		}{"+": {m.Add, oracle.Add}, "-": {m.Sub, oracle.Sub}} {
			var sum apd.Decimal
			if _, err := f.want(&sum, x, y); err != nil {
				t.Fatal(err)
			}
			want, wantErr := expr.ParseNumber(sum.Text('E'))
			if got, err := f.got(k); got != want || !errors.Is(err, wantErr) {
				t.Fatalf("%s %s %s: got %s, %v, want %s, %v", a, name, b, got, err, want, wantErr)
			}
		}
	})
}

func TestKeyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("\x00\x01ab\u00ff")))
		a, b, c := text.Draw(t, "a"), text.Draw(t, "b"), text.Draw(t, "c")
		x := string(expr.AppendKey(nil, expr.String(a)))
		y := string(expr.AppendKey(nil, expr.String(b)))
		if got, want := strings.Compare(x, y), strings.Compare(a, b); got != want {
			t.Fatalf("order of %q and %q: got %d, want %d", a, b, got, want)
		}
		if a != b && strings.HasPrefix(x, y) {
			t.Fatalf("the key of %q begins with the key of %q", a, b)
		}
		got := strings.HasPrefix(x, string(expr.AppendKeyPrefix(nil, c)))
		if want := strings.HasPrefix(a, c); got != want && !strings.HasSuffix(c, "\x00") {
			t.Fatalf("%q begins with %q: got %v, want %v", a, c, got, want)
		}
	})
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ a, b, sum string }{
		{"1", "2", "3"},
		{"0.1", "0.2", "0.3"},
		{"-5", "5", "0"},
		{"99999999999999999999999999999999999999", "1", "100000000000000000000000000000000000000"},
		{"1e125", "1e-130", "1e125"},
	} {
		got, err := n(t, row.a).Add(n(t, row.b))
		if err != nil || got != n(t, row.sum) {
			t.Errorf("%s + %s: got %s %v, want %s", row.a, row.b, got, err, row.sum)
		}
	}
	if _, err := n(t, "9e125").Add(n(t, "9e125")); !errors.Is(err, expr.ErrOverflow) {
		t.Errorf("9e125 + 9e125: got %v, want %v", err, expr.ErrOverflow)
	}
}
