package expr

import (
	"slices"
	"strings"
	"sync"
)

// call reads a function: those of conditions and, in what an UPDATE assigns, those
// that change sets and lists.
func (p *statement) call() any {
	t := p.next()
	name := strings.ToLower(t.text)
	p.need("(")
	first := p.peek()
	var args []operand
	if !p.accept(")") {
		args = append(args, p.operandOf(p.expression(bindCompare)))
		for p.accept(",") {
			args = append(args, p.operandOf(p.expression(bindCompare)))
		}
		p.need(")")
	}
	want, ok := functions[name]
	switch {
	case name == "list_append" && len(args) == 2:
		return listAppend{args[0], args[1]}
	case (name == "set_add" || name == "set_delete") && p.target != nil:
		return p.setCall(t, first, args)
	case !ok:
		p.stop("Unrecognized function: %s at %s", name, p.place(t))
	case len(args) != want:
		p.stop("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	case name == "size":
		return sizeOf{args[0]}
	}
	p.arguments(function{name, args})
	return function{name, args}
}

// setCall checks a change of a set, which is assigned to what it changes. The tokens
// are those of the function and of its first argument.
func (p *statement) setCall(t, first token, args []operand) any {
	name := strings.ToUpper(t.text)
	if len(args) != 2 {
		p.stop("%s must have exactly two arguments at %s", name, p.place(t))
	}
	if of, ok := args[0].(Path); !ok || !slices.Equal(of, p.target) {
		p.stop("The first argument to %s must equal the assignment value at %s", name, p.place(t))
	}
	if l, ok := args[1].(literal); ok && !slices.Contains([]string{"SS", "NS", "BS"}, l.Type()) {
		p.stop("The second argument to %s must be a value with type SET at %s", name, p.place(first))
	}
	return setChange{name == "SET_DELETE", args[0], args[1]}
}

// Checks reports whether a condition asks whether an attribute exists: such a one does
// not select a single item, whatever else it says.
func Checks(c Condition) bool {
	switch c := c.(type) {
	case and:
		return Checks(c.left) || Checks(c.right)
	case or:
		return Checks(c.left) || Checks(c.right)
	case not:
		return Checks(c.of)
	case function:
		return c.name == "attribute_exists" || c.name == "attribute_not_exists"
	}
	return false
}

// sqlKeywords are the words of SQL that cannot stand in a path without quotes.
var sqlKeywords = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`
		ABSOLUTE ACTION ADD ALL ALLOCATE ALTER AND ANY ARE AS ASC ASSERTION AT AUTHORIZATION AVG BEGIN BETWEEN BIT BIT_LENGTH
		BOTH BY CASCADE CASCADED CASE CAST CATALOG CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH CHECK CLOSE COALESCE COLLATE
		COLLATION COLUMN COMMIT CONNECT CONNECTION CONSTRAINT CONSTRAINTS CONTINUE CONVERT CORRESPONDING COUNT CREATE CROSS
		CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATE DEALLOCATE DEC DECIMAL DECLARE DEFAULT
		DEFERRABLE DEFERRED DELETE DESC DESCRIBE DESCRIPTOR DIAGNOSTICS DISCONNECT DISTINCT DOMAIN DOUBLE DROP ELSE END
		END-EXEC ESCAPE EXCEPT EXCEPTION EXEC EXECUTE EXISTS EXTERNAL EXTRACT FALSE FETCH FIRST FLOAT FOR FOREIGN FOUND FROM
		FULL GET GLOBAL GO GOTO GRANT GROUP HAVING IDENTITY IMMEDIATE IN INDICATOR INITIALLY INNER INPUT INSENSITIVE INSERT
		INT INTEGER INTERSECT INTERVAL INTO IS ISOLATION JOIN KEY LANGUAGE LAST LEADING LEFT LEVEL LIKE LOCAL LOWER MATCH MAX
		MIN MODULE NAMES NATIONAL NATURAL NCHAR NEXT NO NOT NULL NULLIF NUMERIC OCTET_LENGTH OF ON ONLY OPEN OPTION OR ORDER
		OUTER OUTPUT OVERLAPS PAD PARTIAL POSITION PRECISION PREPARE PRESERVE PRIMARY PRIOR PRIVILEGES PROCEDURE PUBLIC READ
		REAL REFERENCES RELATIVE RESTRICT REVOKE RIGHT ROLLBACK ROWS SCHEMA SCROLL SECTION SELECT SESSION SESSION_USER SET
		SIZE SMALLINT SOME SPACE SQL SQLCODE SQLERROR SQLSTATE SUBSTRING SUM SYSTEM_USER TABLE TEMPORARY THEN TIME TIMESTAMP
		TO TRANSACTION TRANSLATE TRANSLATION TRIM TRUE UNION UNIQUE UNKNOWN UPDATE UPPER USAGE USER USING VALUE VALUES
		VARCHAR VARYING VIEW WHEN WHENEVER WHERE WITH WORK WRITE ZONE
		MISSING PIVOT UNPIVOT LIMIT TUPLE REMOVE INDEX CONFLICT DO NOTHING RETURNING MODIFIED NEW OLD LET BAG STRUCT LIST SEXP`) {
		m[w] = true
	}
	return m
})
