package expr

import "testing"

// FuzzStatement reads anything as a PartiQL statement, and evaluates what it can.
func FuzzStatement(f *testing.F) {
	for _, src := range []string{
		"SELECT a.b[0], c FROM \"t\".i WHERE NOT (a = ? AND b IN [1, 'x']) OR c IS NOT MISSING AND size(d) > -1.5e2;",
		"INSERT INTO t VALUE {'a': [<<1, 2>>, {'b': null}], 'c': true}",
		"UPDATE t SET a = list_append(a, [1]) SET b = set_delete(b, <<'x'>>) REMOVE c[1] WHERE p = 'it''s' RETURNING ALL NEW *",
		"DELETE FROM t WHERE p BETWEEN 1 AND 2 AND begins_with(q, 'x') RETURNING ALL OLD *",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 8192 { // the longest that AWS's model lets through
			return
		}
		s, err := ParseStatement(src, []Value{String("v")})
		if err != nil {
			return
		}
		item := Item{"a": List{Int(1)}, "b": StringSet{"x"}, "p": String("k")}
		if s.Where != nil {
			s.Where.Holds(item)
		}
		Conjuncts(s.Where)
		if _, err := s.Update.Apply(item); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
	})
}
