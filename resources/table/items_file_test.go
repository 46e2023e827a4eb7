package table

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFileItems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"a.csv", "\ufeffid,n:N\na,1\n", "[map[id:a n:1]]"},
		{"a.csv", "id,id:N\na,1\n", `the column "id:N": each column has a name of its own.`},
		{"a.csv", "id,\na,b\n", `the column "": each column has a name of its own.`},
		{"a.csv", "id,n:X\n", `the column "n:X": a column is of type S or N`},
		{"a.jsonl", "\ufeff{\"id\":\"a\"}\n", "[map[id:a]]"},
		{"a.jsonl", "null\n", "line 1: It is no JSON object"},
	} {
		name := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		items, err := FileItems(name)
		got := fmt.Sprint(items)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}
