package cli

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		want []string
	}{
		{``, nil},
		{` -a  -b=c `, []string{"-a", "-b=c"}},
		{`-var 'x=a b' "c\"d" e\ f ''`, []string{"-var", "x=a b", `c"d`, "e f", ""}},
	} {
		if got, err := split(c.line); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v; want %q", c.line, got, err, c.want)
		}
	}
	for _, line := range []string{`'a`, `"a`, `a\`} {
		if got, err := split(line); err == nil {
			t.Errorf("%s: got %q, want an error", line, got)
		}
	}
}
