package asl

import (
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// mapState reads the fields of a Map state.
func (p *parser) mapState(o object, s *State) {
	m := &MapFields{}
	s.Map = m
	p.processor(o, m)
	if s.Language == expr.JSONPath {
		if o.Has("ItemsPath") {
			m.Items = &Field{Name: "ItemsPath", Expr: o.reference("ItemsPath", false)}
		}
		o.exclusive("ItemSelector", "Parameters")
	} else {
		m.Items = p.items(o)
	}
	m.Selector = o.template("ItemSelector", s.Language, expr.Plain, true)
	if m.Selector == nil && s.Language == expr.JSONPath {
		m.Selector = o.template("Parameters", s.Language, expr.Plain, true)
	}
	m.MaxConcurrency = o.numberField(s.Language, "MaxConcurrency", 0, 99_999_999)
	m.ToleratedCount = o.numberField(s.Language, "ToleratedFailureCount", 0, 99_999_999)
	m.ToleratedPercentage = o.amount(s.Language, "ToleratedFailurePercentage", 0, 100, false)
	p.label(o, m)
	if !m.Distributed {
		for _, name := range []string{"ItemReader", "ItemBatcher", "ResultWriter", "Label"} {
			if o.Has(name) {
				p.wrong(o.at, "Field '%s' is only supported for a Map state in DISTRIBUTED mode", name)
			}
		}
		return
	}
	if r, ok := o.child("ItemReader"); ok {
		m.Reader = p.reader(r, s.Language)
	}
	if b, ok := o.child("ItemBatcher"); ok {
		m.Batcher = p.batcher(b, s.Language)
	}
	if w, ok := o.child("ResultWriter"); ok {
		m.Writer = p.writer(w, s.Language)
	}
}

// processor reads ItemProcessor or Iterator.
func (p *parser) processor(o object, m *MapFields) {
	o.exclusive("ItemProcessor", "Iterator")
	name := "ItemProcessor"
	if m.Legacy = o.Has("Iterator"); m.Legacy {
		name = "Iterator"
	}
	if !o.required(name) {
		return
	}
	inner, ok := o.child(name)
	if !ok {
		return
	}
	inner.only("Comment", "StartAt", "States", "ProcessorConfig")
	if c, ok := inner.child("ProcessorConfig"); ok {
		c.only("Mode", "ExecutionType")
		m.Distributed = c.oneOf("Mode", "INLINE", "DISTRIBUTED") == "DISTRIBUTED"
		m.Express = c.oneOf("ExecutionType", string(Standard), string(Express)) == string(Express)
		switch {
		case m.Distributed && !c.Has("ExecutionType"):
			p.wrong(c.at, "These fields are required: [ExecutionType]")
		case !m.Distributed && c.Has("ExecutionType"):
			p.wrong(c.at, "Field 'ExecutionType' is not supported")
		case m.Distributed && p.workflow == Express:
			p.wrong(c.at+"/Mode", "Express state machine does not support a Map state in DISTRIBUTED mode")
		}
	}
	around := p.workflow
	if m.Express {
		p.workflow = Express
	}
	m.Processor = p.scope(inner)
	p.workflow = around
}

// items reads Items: a list, an object, or a query.
func (p *parser) items(o object) *Field {
	switch v := o.Get("Items").(type) {
	case nil:
	case string:
		if expr.IsQuery(v) {
			return &Field{Name: "Items", Expr: o.query("Items", v, expr.Plain)}
		}
		o.mistyped("Items", "Array")
	case []any, *jsonvalue.Object:
		t := o.template("Items", expr.JSONata, expr.Plain, false)
		if constant, fixed := t.Constant(); fixed {
			return &Field{Name: "Items", Value: constant}
		}
		return &Field{Name: "Items", Value: t}
	default:
		o.mistyped("Items", "Array")
	}
	return nil
}

// label reads the name of map runs.
func (p *parser) label(o object, m *MapFields) {
	if !o.Has("Label") {
		return
	}
	m.Label = o.text("Label")
	at := o.at + "/Label"
	switch {
	case m.Label == "":
		p.report(Error, InvalidLabel, at, "Label cannot be empty")
	case len([]rune(m.Label)) > 40:
		p.report(Error, InvalidLabel, at, "Label cannot exceed 40 characters")
	case strings.IndexFunc(m.Label, badInLabel) >= 0:
		p.report(Error, InvalidLabel, at, "Label contains invalid character: '%c'", []rune(m.Label[strings.IndexFunc(m.Label, badInLabel):])[0])
	case p.labels[m.Label]:
		p.report(Error, DuplicateLabel, at, "Duplicate label name: %s", m.Label)
	}
	if p.labels == nil {
		p.labels = map[string]bool{}
	}
	p.labels[m.Label] = true
}

// badInLabel are the characters that a label must not have: white space, control
// characters and ? * < > { } [ ] : ; , \ | ^ ~ $ # % & ` ".
func badInLabel(r rune) bool {
	return r <= ' ' || r >= 0x7F && r <= 0x9F || strings.ContainsRune("?*<>{}[]:;,\\|^~$#%&`\"", r)
}

// reader reads ItemReader.
func (p *parser) reader(o object, l expr.Language) *Reader {
	arguments, other := arguments(l)
	p.language(o, l, other)
	o.only("Resource", "ReaderConfig", arguments, other)
	r := &Reader{Arguments: o.template(arguments, l, expr.Plain, true)}
	o.required("Resource")
	if arn := o.name("Resource"); arn != "" {
		if r.Resource = parseResource(arn); !mapResource(r.Resource, "getObject", "listObjectsV2") {
			p.wrong(o.at+"/Resource", "Value is not a valid resource ARN")
		}
	}
	c, ok := o.child("ReaderConfig")
	if !ok {
		if r.Resource.Action == "getObject" {
			p.wrong(o.at, "These fields are required: [ReaderConfig]")
		}
		return r
	}
	c.only("InputType", "CSVHeaderLocation", "CSVHeaders", "CSVDelimiter", "MaxItems", "MaxItemsPath", "ItemsPointer", "Transformation", "ManifestType")
	r.InputType = c.oneOf("InputType", "CSV", "JSON", "JSONL", "MANIFEST", "PARQUET")
	if r.Resource.Action == "getObject" && r.InputType == "" && !c.Has("InputType") {
		c.required("InputType")
	}
	r.Transform = c.oneOf("Transformation", "NONE", "LOAD_AND_FLATTEN")
	r.Manifest = c.oneOf("ManifestType", "ATHENA_DATA", "S3_INVENTORY")
	r.Pointer = c.text("ItemsPointer")
	r.FirstRow = c.oneOf("CSVHeaderLocation", "FIRST_ROW", "GIVEN") == "FIRST_ROW"
	r.Delimiter = c.oneOf("CSVDelimiter", "COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")
	if r.InputType == "CSV" {
		c.required("CSVHeaderLocation")
		if !r.FirstRow && c.Has("CSVHeaderLocation") {
			c.required("CSVHeaders")
		}
	}
	if headers, ok := c.Get("CSVHeaders").([]any); ok {
		for _, h := range headers {
			s, isText := h.(string)
			if !isText {
				p.wrong(c.at+"/CSVHeaders", "Expected value of type String")
			}
			r.CSVHeaders = append(r.CSVHeaders, s)
		}
	} else if c.Has("CSVHeaders") {
		c.mistyped("CSVHeaders", "Array")
	}
	r.MaxItems = c.numberField(l, "MaxItems", 0, 100_000_000)
	return r
}

// arguments is what the arguments of readers and writers are called in a
// language, and in the other one.
func arguments(l expr.Language) (name, other string) {
	if l == expr.JSONata {
		return "Arguments", "Parameters"
	}
	return "Parameters", "Arguments"
}

// language refuses a field of the other language.
func (p *parser) language(o object, l expr.Language, other string) {
	if o.Has(other) {
		p.wrong(o.at, "The QueryLanguage is set to '%s', but field '%s' is only supported for the '%s' QueryLanguage", l, other, 1-l)
	}
}

// batcher reads ItemBatcher.
func (p *parser) batcher(o object, l expr.Language) *Batcher {
	o.only("BatchInput", "MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath")
	b := &Batcher{
		Input:    o.template("BatchInput", l, expr.Plain, true),
		MaxItems: o.numberField(l, "MaxItemsPerBatch", 1, 99_999_999),
		MaxBytes: o.numberField(l, "MaxInputBytesPerBatch", 1, 262_144),
	}
	if b.MaxItems == nil && b.MaxBytes == nil {
		p.wrong(o.at, "At least one of these fields must be set: [MaxItemsPerBatch, MaxInputBytesPerBatch]")
	}
	return b
}

// writer reads ResultWriter.
func (p *parser) writer(o object, l expr.Language) *Writer {
	arguments, other := arguments(l)
	p.language(o, l, other)
	o.only("Resource", "WriterConfig", arguments, other)
	w := &Writer{Arguments: o.template(arguments, l, expr.Plain, true), Transformation: "NONE", OutputType: "JSON"}
	if arn := o.name("Resource"); arn != "" {
		if w.Resource = parseResource(arn); !mapResource(w.Resource, "putObject") {
			p.wrong(o.at+"/Resource", "Value is not a valid resource ARN")
		}
	}
	c, ok := o.child("WriterConfig")
	if !ok {
		o.required("Resource")
		return w
	}
	c.only("Transformation", "OutputType")
	if t := c.oneOf("Transformation", "NONE", "COMPACT", "FLATTEN"); t != "" {
		w.Transformation = t
	}
	if t := c.oneOf("OutputType", "JSON", "JSONL"); t != "" {
		w.OutputType = t
	}
	return w
}
