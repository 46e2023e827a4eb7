package jsonata

import (
	"context"
	"errors"
	"testing"
)

// What an evaluation makes is bounded before it is made: a fatal lack of memory
// cannot be caught.
func TestBytes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		expr string
		fits bool
	}{
		{"$length($pad('a', 1000))", true},
		{"$length($pad('a', 1e12))", false},
		{"$length($join(['a', 'b'], $pad('', 1000)))", true},
		{"$length($join($map([1..100], $string), $pad('', 1000)))", false},
		{"$length($replace($pad('', 1000, 'a'), 'a', 'bb'))", true},
		{"$length($replace($pad('', 1000, 'a'), 'a', $pad('', 1000)))", false},
		{"$length($replace($pad('', 1000, 'a'), 'a', $pad('', 1000), 2))", true},
		{"$length($replace($pad('', 1000, 'a'), /a/, $pad('', 1000)))", false},
		{"$count($reduce([1..8], function($a, $b){ $append($a, $a) }, [1, 2]))", true},
		{"$count($reduce([1..40], function($a, $b){ $append($a, $a) }, [1, 2]))", false},
		{"$length($string($reduce([1..40], function($a, $b){{'a': $a, 'b': $a}}, 1)))", false},
		{"$reduce([1..40], function($a, $b){[[$a, $a]]}, 1)", false},
		{"$reduce([1..40], function($a, $b){{'a': $a, 'b': $a}}, 1)", false},
		{"$count($map([1..1000], function($v){ $pad('', 60000) }))", false},
	} {
		x, err := Compile(row.expr)
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.Eval(context.Background(), Options{Limits: Limits{Bytes: 1 << 16}})
		var e *Error
		cut := errors.As(err, &e) && e.Code == codeBytes
		if err != nil && !cut || cut == row.fits {
			t.Errorf("%s: got %v", row.expr, err)
		}
	}
}
