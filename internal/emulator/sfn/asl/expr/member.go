package expr

import "github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"

// Member is the member of a template that is an object, by its name in the value;
// nil where there is none.
func (t *Template) Member(key string) *Template {
	if o, ok := t.literal.(*jsonvalue.Object); ok {
		if !o.Has(key) {
			return nil
		}
		return Literal(o.Get(key))
	}
	for _, m := range t.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// Items are the items of a template that is a list; nil for others.
func (t *Template) Items() []*Template {
	list, ok := t.literal.([]any)
	if !ok {
		return t.items
	}
	all := make([]*Template, len(list))
	for i, v := range list {
		all[i] = Literal(v)
	}
	return all
}
