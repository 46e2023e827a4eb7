package wire

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
	"sync"
)

// The constraints are written by internal/tools/constraints.
//
//go:embed constraints/*.json
var models embed.FS

// A model is what AWS publishes of a service's inputs; internal/tools/constraints
// writes it.
type model struct {
	name       string
	Operations map[string]string      `json:"operations"` // to the input's shape
	Errors     map[string]int         `json:"errors"`     // of awsQuery: code to status
	Shapes     map[string]*modelShape `json:"shapes"`
}

type modelShape struct {
	Min       json.Number   `json:"min"`
	Max       json.Number   `json:"max"`
	Pattern   string        `json:"pattern"`
	Enum      []string      `json:"enum"`
	Sensitive bool          `json:"sensitive"`
	Key       string        `json:"key"`
	Item      string        `json:"item"`
	Members   []modelMember `json:"members"`

	low, high float64 // Min and Max, or infinity
	once      sync.Once
	compiled  matcher
	fields    sync.Map // by the Go type that holds it: the index of each member's field
}

type modelMember struct {
	Name     string `json:"name"`
	Shape    string `json:"shape"`
	Required bool   `json:"required"`
	field    string
}

// fieldsOf are the indexes of the members' fields in a Go type; -1 where the model
// is newer than the SDK.
func (s *modelShape) fieldsOf(t reflect.Type) []int {
	if known, ok := s.fields.Load(t); ok {
		return known.([]int)
	}
	fields := make([]int, len(s.Members))
	for i, m := range s.Members {
		fields[i] = -1
		if f, ok := t.FieldByName(m.field); ok {
			fields[i] = f.Index[0]
		}
	}
	s.fields.Store(t, fields)
	return fields
}

// compound reports whether the shape is a structure, list or map.
func (s *modelShape) compound() bool { return len(s.Members) > 0 || s.Item != "" }

// known are the models that have been read, by name: all servers of a process share
// them, and nobody changes them.
var known sync.Map

// sharedModel is readModel for the first that asks for the model.
func (s *service) sharedModel() *model {
	read, _ := known.LoadOrStore(s.modelName(), sync.OnceValue(s.readModel))
	return read.(func() *model)()
}

// readModel reads the service's model; without one nothing is constrained.
func (s *service) readModel() *model {
	m := &model{name: s.modelName()}
	raw, err := models.ReadFile("constraints/" + m.name + ".json")
	if err != nil {
		return m
	}
	if err := json.Unmarshal(raw, m); err != nil {
		panic(fmt.Sprintf("wire: the constraints of %s: %v", m.name, err)) // embedded and generated
	}
	for _, s := range m.Shapes {
		s.low, s.high = math.Inf(-1), math.Inf(1)
		if low, err := s.Min.Float64(); err == nil {
			s.low = low
		}
		if high, err := s.Max.Float64(); err == nil {
			s.high = high
		}
		for i := range s.Members {
			s.Members[i].field = capital(s.Members[i].Name)
		}
	}
	return m
}

// modelName is the last part of the schema's namespace, or the service's name.
func (s *service) modelName() string {
	if s.Schema == nil {
		return s.Name
	}
	ns := s.Schema.ID().Namespace
	return ns[strings.LastIndexByte(ns, '.')+1:]
}

// A matcher is a pattern of a model, which is a Java pattern.
type matcher struct {
	want *regexp.Regexp
	deny *regexp.Regexp // what a lookaround rules out
}

// matches reports whether text fits the shape's pattern.
func (s *modelShape) matches(text string) bool {
	if s.Pattern == "" {
		return true
	}
	s.once.Do(func() { s.compiled, _ = compile(s.Pattern) })
	m := s.compiled
	return (m.want == nil || m.want.MatchString(text)) && (m.deny == nil || !m.deny.MatchString(text))
}

// javaOnly are spellings of Java's patterns that Go spells otherwise.
var javaOnly = strings.NewReplacer(
	`\uD800\uDC00-\uDBFF\uDFFF`, `\x{10000}-\x{10FFFF}`,
	`\p{Print}`, `[[:print:]]`,
)

var unicodeEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// countless are repetitions beyond the 1,000 that Go counts to. They are let through
// in any number, of which the bounds of the text's length are the limit, if it has any.
var countless = regexp.MustCompile(`\{1,\d{4,}\}`)

// compile returns the matcher of a Java pattern; an error for one with
// lookarounds that nobody has put into [lookarounds].
func compile(pattern string) (m matcher, err error) {
	want := pattern
	if pair, ok := lookarounds[pattern]; ok {
		want = pair[0]
		if m.deny, err = regexp.Compile("^(?:" + pair[1] + ")$"); err != nil {
			return m, err
		}
	}
	want = countless.ReplaceAllString(want, "+")
	want = unicodeEscape.ReplaceAllString(javaOnly.Replace(want), `\x{$1}`)
	m.want, err = regexp.Compile("^(?:" + want + ")$")
	return m, err
}
