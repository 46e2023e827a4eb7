package routekey

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTable demands that a table finds what trying the keys in their order finds.
func TestTable(t *testing.T) {
	t.Parallel()
	parts := []string{"a", "b", "{x}", "{y}", "{z+}"}
	methods := []string{"GET", "POST", "ANY"}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var keys []Key
		var table Table[string]
		shapes := map[string]bool{}
		for range 1 + r.IntN(12) {
			text := methods[r.IntN(3)] + " /"
			for i := range r.IntN(4) {
				if i > 0 {
					text += "/"
				}
				text += parts[r.IntN(len(parts))]
			}
			if r.IntN(12) == 0 {
				text = Default
			}
			k, err := Parse(text)
			if err != nil || shapes[k.Shape()] {
				continue
			}
			shapes[k.Shape()] = true
			keys = append(keys, k)
			table.Add(k, k.String())
		}
		slices.SortFunc(keys, Compare)
		for range 50 {
			path := ""
			for range 1 + r.IntN(4) {
				path += "/" + []string{"a", "b", "c", ""}[r.IntN(4)]
			}
			method := []string{"GET", "POST", "PUT"}[r.IntN(3)]
			want, wantValues := "none", map[string]string(nil)
			for _, k := range keys {
				if values, ok := k.Match(method, path); ok {
					want, wantValues = k.String(), values
					break
				}
			}
			got, gotValues, ok := table.Find(method, path)
			if !ok {
				got = "none"
			}
			if got != want {
				t.Fatalf("%s %s of %v: got %s, want %s", method, path, keys, got, want)
			}
			if diff := cmp.Diff(wantValues, gotValues); diff != "" {
				t.Fatalf("%s %s: values (-want +got)\n%s", method, path, diff)
			}
		}
	}
}

// BenchmarkFind shows that a table does not get slower with its size.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		var table Table[int]
		for i := range n {
			k, err := Parse(fmt.Sprintf("GET /things%d/{id}/parts/{part}", i))
			if err != nil {
				b.Fatal(err)
			}
			table.Add(k, i)
		}
		path := strings.Replace("/things#/7/parts/8", "#", fmt.Sprint(n-1), 1)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, _, ok := table.Find("GET", path); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}
