package artifact

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
)

// TestOneEncoder: an encoder that is used again gives the bytes of a new one, so
// that a file's place in a package does not count.
func TestOneEncoder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var used *flate.Writer
	for i := range 400 {
		var content strings.Builder
		for range random.IntN(3000) {
			switch i % 3 {
			case 0:
				content.WriteByte(byte(random.Uint32()))
			case 1:
				fmt.Fprintf(&content, "const a%d = %d\n", random.IntN(50), i)
			default:
				content.WriteString("the same line again and again\n")
			}
		}
		var fresh, again bytes.Buffer
		one, err := flate.NewWriter(&fresh, level)
		if err != nil {
			t.Fatal(err)
		}
		if used == nil {
			if used, err = flate.NewWriter(&again, level); err != nil {
				t.Fatal(err)
			}
		} else {
			used.Reset(&again)
		}
		for _, w := range []*flate.Writer{one, used} {
			if _, err := w.Write([]byte(content.String())); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(fresh.Bytes(), again.Bytes()) {
			t.Fatalf("file %d of %d bytes: the encoder that was used before gives other bytes", i, content.Len())
		}
	}
}
