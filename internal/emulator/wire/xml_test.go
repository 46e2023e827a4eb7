package wire

import (
	"strings"
	"testing"
)

// TestTextInPieces reads a text of many pieces, in a time that grows with them.
func TestTextInPieces(t *testing.T) {
	t.Parallel()
	const n = 100_000
	root, err := parseXML([]byte("<a>x<b>y</b>" + strings.Repeat("0123456789<!---->", n) + "&lt;</a>"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "x" + strings.Repeat("0123456789", n) + "<"; root.text != want {
		t.Errorf("got %d bytes of text, want %d", len(root.text), len(want))
	}
	if len(root.kids) != 1 || root.kids[0].text != "y" {
		t.Errorf("got the kids %+v", root.kids)
	}
}
