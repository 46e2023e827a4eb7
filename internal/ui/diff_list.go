package ui

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// elements pairs the parts of two lists, tuples or sets: what is equal stays,
// what stands between is taken out and put in, and runs of as many values on both
// sides of a list are compared one by one.
func elements(before, after cty.Value, path cty.Path) []item {
	old, now := list(before), list(after)
	unordered := isSet(before) || isSet(after)
	var out []item
	at := func(i int) cty.Path {
		return append(slices.Clone(path), cty.IndexStep{Key: cty.NumberIntVal(int64(i))})
	}
	i, j := 0, 0
	gap := func(toI, toJ int) {
		if toI-i == toJ-j {
			for ; i < toI; i, j = i+1, j+1 {
				if !unordered && kind(old[i]) == kind(now[j]) {
					out = append(out, item{before: old[i], after: now[j], mark: update, path: at(j)})
					continue
				}
				out = append(out,
					item{before: old[i], after: cty.NilVal, mark: remove, path: at(i)},
					item{before: cty.NilVal, after: now[j], mark: add, path: at(j)})
			}
			return
		}
		for ; i < toI; i++ {
			out = append(out, item{before: old[i], after: cty.NilVal, mark: remove, path: at(i)})
		}
		for ; j < toJ; j++ {
			out = append(out, item{before: cty.NilVal, after: now[j], mark: add, path: at(j)})
		}
	}
	for _, p := range common(old, now, sameValue) {
		gap(p[0], p[1])
		out = append(out, item{before: old[i], after: now[j], mark: keep, path: at(j)})
		i, j = i+1, j+1
	}
	gap(len(old), len(now))
	return out
}

func isSet(v cty.Value) bool { return v != cty.NilVal && v.Type().IsSetType() }

func list(v cty.Value) []cty.Value {
	if kind(v) != '[' {
		return nil
	}
	return v.AsValueSlice()
}

// common is a longest common subsequence, as pairs of indexes. Very long lists
// are compared from both ends only.
func common[T any](a, b []T, same func(T, T) bool) [][2]int {
	var head, tail [][2]int
	lo := 0
	for lo < len(a) && lo < len(b) && same(a[lo], b[lo]) {
		head = append(head, [2]int{lo, lo})
		lo++
	}
	ae, be := len(a), len(b)
	for ae > lo && be > lo && same(a[ae-1], b[be-1]) {
		ae, be = ae-1, be-1
		tail = append(tail, [2]int{ae, be})
	}
	slices.Reverse(tail)
	n, m := ae-lo, be-lo
	if n*m > 1<<20 {
		return append(head, tail...)
	}
	length := make([][]int, n+1)
	for i := range length {
		length[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same(a[lo+i], b[lo+j]) {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case same(a[lo+i], b[lo+j]):
			head = append(head, [2]int{lo + i, lo + j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return append(head, tail...)
}
