package sns

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

const (
	// maxMessage is the size of a message with its attributes, in bytes.
	maxMessage = 256 << 10
	// maxSubject is the length of a subject, in characters.
	maxSubject = 100
)

// message is what somebody publishes.
type message struct {
	id       string
	subject  *string
	text     string
	byTarget map[string]string // texts by protocol, with "default"; nil: text is for all
	attrs    map[string]types.MessageAttributeValue
	group    string
	dedup    string
	sequence string // of FIFO topics
	at       time.Time
}

// draft is the part of a request that describes one message.
type draft struct {
	text, subject, structure, group, dedup *string
	attrs                                  map[string]types.MessageAttributeValue
}

func (d *draft) size() int {
	n := len(value(d.text))
	for name, a := range d.attrs {
		n += len(name) + len(value(a.DataType)) + len(value(a.StringValue)) + len(a.BinaryValue)
	}
	return n
}

// read checks a draft for a topic.
func (d *draft) read(t *topic) (*message, error) {
	m := &message{subject: d.subject, text: value(d.text), attrs: d.attrs, group: value(d.group), dedup: value(d.dedup)}
	switch {
	case m.text == "":
		return nil, invalid("Empty message")
	case m.subject != nil && (len(*m.subject) == 0 || len([]rune(*m.subject)) > maxSubject || strings.ContainsAny(*m.subject, "\r\n")):
		return nil, invalid("Subject")
	}
	for name, a := range d.attrs {
		if err := checkAttribute(name, a); err != nil {
			return nil, err
		}
	}
	if d.size() > maxMessage {
		return nil, invalid("Message too long")
	}
	if err := m.structured(value(d.structure)); err != nil {
		return nil, err
	}
	switch {
	case !t.fifo() && m.dedup != "":
		return nil, invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	case !t.fifo():
		return m, nil
	case m.group == "":
		return nil, invalid("The MessageGroupId parameter is required for FIFO topics")
	case m.dedup == "" && t.Attributes["ContentBasedDeduplication"] != "true":
		return nil, invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	return m, nil
}

// structured reads the texts by protocol of a message that has them.
func (m *message) structured(structure string) error {
	switch structure {
	case "":
		return nil
	case "json":
	default:
		return invalid("MessageStructure")
	}
	var all map[string]any
	if json.Unmarshal([]byte(m.text), &all) != nil {
		return invalid("Message Structure - JSON message body failed to parse")
	}
	m.byTarget = map[string]string{}
	for protocol, text := range all {
		if s, ok := text.(string); ok {
			m.byTarget[protocol] = s
		}
	}
	if _, ok := m.byTarget["default"]; !ok {
		return invalid("Message Structure - No default entry in JSON message body")
	}
	return nil
}

// textFor is the message for subscribers of a protocol.
func (m *message) textFor(protocol string) string {
	if m.byTarget == nil {
		return m.text
	}
	if s, ok := m.byTarget[protocol]; ok {
		return s
	}
	return m.byTarget["default"]
}

var attributeCharacters = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^A-Za-z0-9_.-]`) })

func wrongAttribute(format string, args ...any) error {
	return &types.InvalidParameterValueException{Message: ptr(fmt.Sprintf(format, args...))}
}

func checkAttribute(name string, a types.MessageAttributeValue) error {
	kind := value(a.DataType)
	base, _, _ := strings.Cut(kind, ".")
	if len(name) >= 256 {
		return wrongAttribute("Length of message attribute name must be less than 256 bytes.")
	}
	if c := attributeCharacters().FindString(name); c != "" {
		return wrongAttribute("Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", []rune(c)[0])
	}
	switch {
	case strings.HasPrefix(name, "."):
		return wrongAttribute("Invalid message attribute name starting with character '.' was found.")
	case strings.HasSuffix(name, "."):
		return wrongAttribute("Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return wrongAttribute("Message attribute name can not have successive '.' character.")
	case base != "String" && base != "Number" && base != "Binary":
		return wrongAttribute("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	}
	binary := base == "Binary"
	switch {
	case binary && value(a.StringValue) != "":
		return wrongAttribute("The message attribute '%s' with type '%s' must use field 'Binary'.", name, kind)
	case !binary && len(a.BinaryValue) > 0:
		return wrongAttribute("The message attribute '%s' with type '%s' must use field 'String'.", name, kind)
	case binary && len(a.BinaryValue) == 0, !binary && value(a.StringValue) == "":
		return wrongAttribute("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, kind)
	case base == "Number" && !number().MatchString(*a.StringValue):
		return wrongAttribute("Could not cast message attribute '%s' value to number.", name)
	case kind == "String.Array" && json.Unmarshal([]byte(*a.StringValue), new([]any)) != nil:
		return wrongAttribute("The message attribute '%s' of type 'String.Array' must be a JSON array.", name)
	}
	return nil
}

var number = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`) })

// filtered is what filters by attributes look at.
func (m *message) filtered() map[string]any {
	out := map[string]any{}
	for name, a := range m.attrs {
		kind := value(a.DataType)
		switch base, _, _ := strings.Cut(kind, "."); {
		case kind == "String.Array":
			d := json.NewDecoder(strings.NewReader(*a.StringValue))
			d.UseNumber()
			var list []any
			if d.Decode(&list) == nil {
				out[name] = list
			}
		case base == "Number":
			out[name] = json.Number(*a.StringValue)
		case base == "String":
			out[name] = *a.StringValue
		}
	}
	return out
}
