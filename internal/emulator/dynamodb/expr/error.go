package expr

import "fmt"

// An Error is what AWS says of a value or an expression, word for word.
type Error string

func (e Error) Error() string { return string(e) }

func errorf(format string, args ...any) error { return Error(fmt.Sprintf(format, args...)) }
