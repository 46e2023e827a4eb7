package jsonata

import "github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"

// allTogether is how often the limit of bytes is for all that an evaluation makes.
const allTogether = 64

// makes counts bytes that are about to be made, before they are.
func (r *run) makes(bytes int) {
	r.made += bytes
	if bytes > r.limits.Bytes || r.made/allTogether > r.limits.Bytes {
		throw(codeBytes)
	}
}

// bound stops the evaluation if a value, written out, is larger than the limit of
// bytes: what has the same part in several places may be small only until then.
func (r *run) bound(v any) {
	if left := r.limits.Bytes; !fits(v, &left) {
		throw(codeBytes)
	}
}

// fits takes the size of v, at least, off what is left.
func fits(v any, left *int) bool {
	*left--
	switch v := v.(type) {
	case string:
		*left -= len(v)
	case *array:
		return allFit(v.items, left)
	case []any:
		return allFit(v, left)
	case *tuple:
		return fits(v.at, left)
	case *jsonvalue.Object:
		for k, member := range v.All() {
			if *left -= len(k); !fits(member, left) {
				return false
			}
		}
	}
	return *left >= 0
}

func allFit(items []any, left *int) bool {
	for _, item := range items {
		if !fits(item, left) {
			return false
		}
	}
	return *left >= 0
}
