// Package asl reads state machines of the Amazon States Language: Parse gives the
// tree of states, ready to run, and every diagnostic that AWS would give, with its
// place in the text.
//
// It must not know AWS's SDK, services or executions: package run below it runs
// what Parse gives, and the service, the provider's plan and tests all use both.
package asl

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
)

// Machine is a state machine.
type Machine struct {
	Comment        string
	Language       expr.Language
	TimeoutSeconds float64 // of a whole execution; 0 for none
	*Scope

	scopes map[string]*Scope // by Location
}

// ScopeAt is the scope at a location, or nil.
func (m *Machine) ScopeAt(location string) *Scope { return m.scopes[location] }

// Scope is a set of states between which transitions lead: those of the machine,
// of a branch or of an item processor.
type Scope struct {
	Location string // "" of the machine, such as /States/P/Branches[0]
	StartAt  string
	Names    []string // in the order of the text
	States   map[string]*State
}

// Type is the type of a state.
type Type string

// The types of states.
const (
	Task     Type = "Task"
	Wait     Type = "Wait"
	Pass     Type = "Pass"
	Succeed  Type = "Succeed"
	Fail     Type = "Fail"
	Choice   Type = "Choice"
	Parallel Type = "Parallel"
	Map      Type = "Map"
)

// State is one state. Fields that its type or language does not have are zero.
type State struct {
	Name     string
	Location string // such as /States/A
	Type     Type
	Comment  string
	Language expr.Language
	Next     string
	End      bool

	// Of JSONPath.
	InputPath, OutputPath *Path
	ResultPath            *Path
	Parameters            *expr.Template // ItemSelector's old name is in Map.Selector
	ResultSelector        *expr.Template

	// Of JSONata.
	Arguments *expr.Template
	Output    *expr.Template

	Assign *expr.Template // of both; its value is an object
	Retry  []Retrier
	Catch  []Catcher

	// Of one type each.
	Result   *expr.Template // Pass
	Task     *TaskFields
	Choices  []Rule // Choice
	Default  string // Choice
	Wait     *Field // Wait; its Name says which of the five forms it is
	Error    *Field // Fail
	Cause    *Field // Fail
	Branches []*Scope
	Map      *MapFields
}

// Path is a path of a JSONPath state that may be null.
type Path struct {
	Null bool
	*expr.Expr
}

// Field is a value that is given, or computed by a path, call or query.
type Field struct {
	Name  string // as it is written, such as Seconds or SecondsPath
	Value any    // when it is given
	*expr.Expr
}

// Retrier is an element of Retry.
type Retrier struct {
	ErrorEquals     []string
	IntervalSeconds float64 // 1 unless given
	MaxAttempts     int     // 3 unless given
	BackoffRate     float64 // 2 unless given
	MaxDelaySeconds float64 // 0 for no bound
	FullJitter      bool
}

// Catcher is an element of Catch.
type Catcher struct {
	ErrorEquals []string
	Next        string
	ResultPath  *Path
	Output      *expr.Template
	Assign      *expr.Template
}

// TaskFields are the fields of a Task state.
type TaskFields struct {
	Resource    Resource
	Credentials *expr.Template
	Timeout     *Field
	Heartbeat   *Field
}

// MapFields are the fields of a Map state.
type MapFields struct {
	Processor           *Scope
	Distributed         bool
	Express             bool // the children of a distributed map are EXPRESS
	Legacy              bool // written as Iterator
	Label               string
	Items               *Field // ItemsPath or Items; nil for the state's input
	Selector            *expr.Template
	Reader              *Reader
	Batcher             *Batcher
	Writer              *Writer
	MaxConcurrency      *Field
	ToleratedCount      *Field
	ToleratedPercentage *Field
}

// Reader is an ItemReader.
type Reader struct {
	Resource   Resource
	Arguments  *expr.Template // Parameters or Arguments
	InputType  string         // JSON, JSONL, CSV, PARQUET, MANIFEST; "" for a listing
	CSVHeaders []string
	FirstRow   bool // the first row of a CSV has its headers
	Delimiter  string
	Transform  string // of listings: NONE or LOAD_AND_FLATTEN
	Manifest   string // ATHENA_DATA or S3_INVENTORY
	Pointer    string // ItemsPointer, of JSON
	MaxItems   *Field
}

// Batcher is an ItemBatcher.
type Batcher struct {
	Input    *expr.Template
	MaxItems *Field
	MaxBytes *Field
}

// Writer is a ResultWriter.
type Writer struct {
	Resource       Resource
	Arguments      *expr.Template // nil when results are not exported
	Transformation string         // NONE, COMPACT or FLATTEN
	OutputType     string         // JSON or JSONL
}

// Rule is a rule of a Choice state. At its top it has a Next.
type Rule struct {
	Next   string
	Assign *expr.Template
	Output *expr.Template

	Condition *expr.Expr // JSONata
	Constant  *bool      // a JSONata condition that is given

	And, Or  []Rule
	Not      *Rule
	Variable *expr.Expr
	Operator string     // such as StringEquals
	Value    any        // that Operator compares with
	Other    *expr.Expr // the path that it compares with instead
}

// Find is the state of a name, in whatever scope, and its scope; nil when there is
// none.
func (m *Machine) Find(name string) (*Scope, *State) {
	for _, s := range m.scopes {
		if st := s.States[name]; st != nil {
			return s, st
		}
	}
	return nil, nil
}
