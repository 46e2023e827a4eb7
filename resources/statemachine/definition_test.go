package statemachine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tftypes "github.com/hashicorp/terraform-plugin-framework/types"
)

func TestSubstitute(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		values     map[string]string
		want       string // or, behind "!", part of the error
	}{
		{"nothing", `{"a": 1}`, nil, `{"a": 1}`},
		{"in a string", `{"a": "x${Q}y"}`, map[string]string{"Q": `say "hi" & <go>`}, `{"a": "xsay \"hi\" & <go>y"}`},
		{"as JSON", `{"a": ${N}, "b": "\"${N}"}`, map[string]string{"N": "7"}, `{"a": 7, "b": "\"7"}`},
		{"itself", `{"a": "$${N}"}`, nil, `{"a": "${N}"}`},
		{"unknown", "{\n\"a\": \"${M}\"}", map[string]string{"N": "7"}, "!line 2: there is no substitution for ${M}"},
		{"open", `{"a": "${M"`, nil, "!line 1: ${ has no closing brace"},
		{"unused", `{}`, map[string]string{"N": "7"}, "!${N} is nowhere in the file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, cuts, err := substitute(row.text, row.values)
			if why, refused := strings.CutPrefix(row.want, "!"); refused {
				if err == nil || !strings.Contains(err.Error(), why) {
					t.Errorf("got %v, want %s", err, why)
				}
				return
			}
			if err != nil || got != row.want {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
			if back, _ := uncut(got, cuts, 0); back != row.text {
				t.Errorf("the file was %s, got back %s", row.text, back)
			}
		})
	}
}

// TestPlaceInFile: what is wrong behind a substitution stands where the file has it.
func TestPlaceInFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "m.asl.json")
	text := "{\n  \"Comment\": \"${C}\", \"StartAt\": \"B\",\n  \"States\": {\"A\": {\"Type\": \"Pass\", \"Comment\": \"${C}\", \"Next\": \"X\"}, \"B\": {\"Type\": \"Pass\", \"Next\": \"A\", \"Foo\": 1}}\n}"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &machine{DefinitionFile: tftypes.StringValue(file), Substitutions: map[string]tftypes.String{"C": tftypes.StringValue("a long\ncomment")}}
	s, err := m.source()
	if err != nil {
		t.Fatal(err)
	}
	found := s.findings("STANDARD")
	if len(found) != 1 || !strings.Contains(found[0].detail, "Field 'Foo' is not supported\n\nAt /States/B, "+file+", line 3, column 74:") {
		t.Errorf("got %v", found)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, "binary")
	if err := os.WriteFile(binary, []byte{0xff, 0xfe}, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, make([]byte, maxDefinition+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		filepath.Join(dir, "none"): "There is no file", dir: "no regular file", binary: "not UTF-8", long: "1048577 bytes",
	} {
		_, err := (&machine{DefinitionFile: tftypes.StringValue(file)}).source()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", file, err, want)
		}
	}
}
