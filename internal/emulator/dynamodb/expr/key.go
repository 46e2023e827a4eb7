package expr

// AppendKey appends the order-preserving form of a key attribute's value to b: of
// two values of one type the smaller has the smaller form, and no form is the
// beginning of another, so that forms can follow one another. The value is a
// String, a Number or a Binary; others have no form and leave b as it is.
func AppendKey(b []byte, v Value) []byte {
	switch v := v.(type) {
	case Number:
		return append(b, v...)
	case String:
		return append(AppendKeyPrefix(b, string(v)), 0, 1)
	case Binary:
		return append(AppendKeyPrefix(b, string(v)), 0, 1)
	}
	return b
}

// AppendKeyPrefix appends what the forms of all strings or binaries that begin with
// s begin with. A zero byte is followed by 0xFF, so that it cannot be taken for the
// end, which is a zero followed by a one.
func AppendKeyPrefix(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, s[i])
		if s[i] == 0 {
			b = append(b, 0xFF)
		}
	}
	return b
}
