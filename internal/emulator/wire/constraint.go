package wire

import "reflect"

type model struct {
	Errors map[string]int
}

func (s *service) readModel() *model                               { return &model{} }
func (s *service) constrain(op *operation, in reflect.Value) error { return nil }
