package expr

// A Conjunct is one of the conditions that a condition joins by AND.
type Conjunct struct {
	Condition
	// Term is the conjunct as a demand on one attribute, where it is one that a key
	// can serve; else nil.
	Term *KeyTerm
}

// Conjuncts splits a condition at its ANDs; there is none of the nil Condition.
func Conjuncts(c Condition) []Conjunct {
	switch c := c.(type) {
	case nil:
		return nil
	case and:
		return append(Conjuncts(c.left), Conjuncts(c.right)...)
	}
	one := Conjunct{Condition: c}
	if terms, err := keyTerms(nil, c); err == nil && len(terms) == 1 {
		one.Term = &terms[0]
	}
	return []Conjunct{one}
}

// setChange is the operand of an UPDATE that adds elements to a set, or takes some
// away.
type setChange struct {
	minus       bool
	of, operand operand
}

// gone is the value of an attribute that an assignment removes.
type gone struct{ Value }

func (o setChange) eval(item Item) Value {
	old, more := o.of.eval(item), o.operand.eval(item)
	f := added
	if o.minus {
		f = deleted
	}
	if more == nil {
		return nil
	}
	if _, ok := more.(Number); ok {
		return bad{err: ErrOperandType}
	}
	v, err := f(old, more)
	switch {
	case err != nil:
		return bad{err: err}
	case v == nil:
		return gone{}
	}
	return v
}
