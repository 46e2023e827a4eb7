package tf

import "reflect"

// KeepChanged keeps those fields of is, an SDK's input, that differ from was, sets
// the others to nothing, and reports whether any differ.
func KeepChanged[T any](was, is *T) bool {
	changed := false
	from, to := reflect.ValueOf(was).Elem(), reflect.ValueOf(is).Elem()
	for i := range to.NumField() {
		if !to.Type().Field(i).IsExported() {
			continue
		}
		if reflect.DeepEqual(from.Field(i).Interface(), to.Field(i).Interface()) {
			to.Field(i).SetZero()
			continue
		}
		changed = true
	}
	return changed
}

// CopyGiven copies the fields of from, an SDK's input, that say something to the
// fields of to that have the same names.
func CopyGiven[To, From any](to *To, from *From) {
	in, out := reflect.ValueOf(from).Elem(), reflect.ValueOf(to).Elem()
	for i := range in.NumField() {
		f := in.Type().Field(i)
		if target := out.FieldByName(f.Name); f.IsExported() && target.IsValid() && !silent(in.Field(i)) {
			target.Set(in.Field(i))
		}
	}
}

// Silent reports whether a part of an SDK's input or output says nothing: whether
// nothing in it has a value other than an empty text, list or object, or false.
func Silent[T any](v *T) bool { return silent(reflect.ValueOf(v)) }

func silent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		if k := v.Type().Elem().Kind(); k >= reflect.Int && k <= reflect.Float64 {
			return v.IsNil() // zero says something
		}
		return v.IsNil() || silent(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if !silent(v.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}
