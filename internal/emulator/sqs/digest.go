package sqs

import (
	"crypto/md5" //nolint:gosec // the protocol's own checksum
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// digest is the checksum that clients compare with their own.
func digest(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // the protocol's own checksum
	return hex.EncodeToString(sum[:])
}

// digestAttributes is the checksum of attributes, nil if there are none: of each,
// by name, the name, the type and the value, every text behind its length, and in
// front of the value whether it is text (1) or bytes (2).
func digestAttributes(all map[string]types.MessageAttributeValue) *string {
	if len(all) == 0 {
		return nil
	}
	var b []byte
	text := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s))) //nolint:gosec // a message has a megabyte at most
		b = append(b, s...)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a := all[name]
		text(name)
		text(value(a.DataType))
		if strings.HasPrefix(value(a.DataType), "Binary") {
			b = append(b, 2)
			text(string(a.BinaryValue))
		} else {
			b = append(b, 1)
			text(value(a.StringValue))
		}
	}
	return ptr(digest(string(b)))
}

func digestSystem(all map[string]types.MessageSystemAttributeValue) *string {
	same := map[string]types.MessageAttributeValue{}
	for name, a := range all {
		same[name] = types.MessageAttributeValue{DataType: a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	return digestAttributes(same)
}
