package lambda

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// page returns the part of all that a list operation answers: at most as many as
// asked for, or most, behind the marker of the page before, and the marker of the
// next.
func page[T any](all []T, items *int32, marker *string, most int) ([]T, *string, error) {
	if n := int(aws.ToInt32(items)); n > 0 {
		most = min(n, most)
	}
	from := 0
	if m := aws.ToString(marker); m != "" {
		var err error
		if from, err = strconv.Atoi(m); err != nil || from < 0 || from > len(all) {
			return nil, nil, invalid("Invalid pagination token: %s", m)
		}
	}
	rest := all[from:]
	if len(rest) <= most {
		return append([]T{}, rest...), nil, nil
	}
	return append([]T{}, rest[:most]...), aws.String(strconv.Itoa(from + most)), nil
}
