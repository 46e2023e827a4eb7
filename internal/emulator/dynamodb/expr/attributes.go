package expr

// Attributes returns the names of the top-level attributes that a condition reads,
// in their order, with repetitions.
func Attributes(c Condition) []string {
	var names []string
	visit(c, func(o operand) {
		if p, ok := o.(Path); ok {
			names = append(names, p[0].Name)
		}
	})
	return names
}

// visit calls f with every operand of a condition that is a path or a value.
func visit(c Condition, f func(operand)) {
	each := func(operands ...operand) {
		for _, o := range operands {
			if s, ok := o.(sizeOf); ok {
				o = s.of
			}
			f(o)
		}
	}
	switch c := c.(type) {
	case and:
		visit(c.left, f)
		visit(c.right, f)
	case or:
		visit(c.left, f)
		visit(c.right, f)
	case not:
		visit(c.of, f)
	case compare:
		each(c.left, c.right)
	case between:
		each(c.of, c.low, c.high)
	case in:
		each(c.of)
		each(c.list...)
	case function:
		each(c.args...)
	}
}
