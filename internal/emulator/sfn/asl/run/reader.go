package run

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// errNoObjects is what reading or writing items ends with where there is no
// storage.
var errNoObjects = errors.New("there is no storage to read items from or to write results to")

// cause is an error whose text is the cause of an execution's.
type cause string

// Error is the text.
func (c cause) Error() string { return string(c) }

// reader opens the source that an ItemReader describes.
func (x *Execution) reader(t *thread, st *asl.State) (source, error) {
	if x.objects == nil {
		return nil, errNoObjects
	}
	r := st.Map.Reader
	input, err := x.path(t, st.InputPath, t.Input.v)
	if err != nil {
		return nil, err
	}
	var arguments any
	if r.Arguments != nil {
		if arguments, err = r.Arguments.Eval(x.env(t, input)); err != nil {
			return nil, err
		}
	}
	o, _ := arguments.(*jsonvalue.Object)
	if o == nil {
		o = details()
	}
	allowed := []string{"Bucket", "Key", "VersionId"}
	if r.Resource.Action == "listObjectsV2" {
		allowed = []string{"Bucket", "Prefix"}
	}
	if err := onlyTexts(o, allowed); err != nil {
		return nil, err
	}
	text := func(name string) string { s, _ := o.Get(name).(string); return s }
	most, err := x.count(t, st, r.MaxItems)
	if err != nil {
		return nil, err
	}
	d := &data{objects: x.objects, reader: r, bucket: text("Bucket")}
	var s source
	switch {
	case r.Resource.Action == "listObjectsV2":
		s = &listing{data: d, prefix: text("Prefix")}
		if r.Transform == "LOAD_AND_FLATTEN" {
			s = &flattened{data: d, keys: s}
		}
	case r.InputType == "MANIFEST" || r.Manifest != "":
		s, err = d.manifest(text("Key"), text("VersionId"))
	default:
		s, err = d.file(d.bucket, text("Key"), text("VersionId"))
	}
	if err != nil {
		return nil, err
	}
	if most > 0 {
		s = &bounded{s, most}
	}
	return s, nil
}

// onlyTexts refuses arguments that would be ignored, or are no text.
func onlyTexts(o *jsonvalue.Object, names []string) error {
	for k, v := range o.All() {
		if !slices.Contains(names, k) {
			return cause("The argument '" + k + "' is not supported here")
		}
		if _, ok := v.(string); !ok {
			return cause("The argument '" + k + "' must be a string")
		}
	}
	return nil
}

// bounded is a source that ends after some items.
type bounded struct {
	source
	left int
}

func (b *bounded) next() (any, bool, error) {
	if b.left == 0 {
		return nil, false, nil
	}
	b.left--
	return b.source.next()
}

// data reads the files of an ItemReader.
type data struct {
	objects Objects
	reader  *asl.Reader
	bucket  string
}

// file is a source of the items in one file.
func (d *data) file(bucket, key, version string) (source, error) {
	body, err := d.objects.Open(bucket, key, version)
	if err != nil {
		return nil, err
	}
	switch d.reader.InputType {
	case "CSV":
		return d.csv(body)
	case "JSONL":
		return &lines{body: body, in: bufio.NewReader(body)}, nil
	case "JSON":
		defer func() { _ = body.Close() }()
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		return d.json(text)
	}
	_ = body.Close()
	return nil, fmt.Errorf("files of type %s cannot be read here", d.reader.InputType)
}

func (d *data) json(text []byte) (source, error) {
	v, err := jsonvalue.Parse(text)
	if err != nil {
		return nil, cause("Failed to parse the JSON file: " + err.Error())
	}
	for _, name := range strings.Split(d.reader.Pointer, "/")[min(1, len(d.reader.Pointer)):] {
		if d.reader.Pointer == "" {
			break
		}
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch at := v.(type) {
		case *jsonvalue.Object:
			v = at.Get(name)
		case []any:
			i, err := strconv.Atoi(name)
			if v = nil; err == nil && i >= 0 && i < len(at) {
				v = at[i]
			}
		default:
			v = nil
		}
		if v == nil {
			return nil, cause("The ItemsPointer '" + d.reader.Pointer + "' leads to no value in the JSON file")
		}
	}
	switch v := v.(type) {
	case []any:
		return &list{v}, nil
	case *jsonvalue.Object:
		return &list{pairs(v)}, nil
	}
	return nil, cause("Attempting to map over non-iterable node.")
}

// lines is a source of a JSON value per line.
type lines struct {
	body io.Closer
	in   *bufio.Reader
}

func (l *lines) next() (any, bool, error) {
	for {
		line, err := l.in.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			v, wrong := jsonvalue.Parse(line)
			if wrong != nil {
				return nil, false, cause("Failed to parse a line of the JSONL file: " + wrong.Error())
			}
			return v, true, nil
		}
		if err != nil {
			_ = l.body.Close()
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return nil, false, err
		}
	}
}

// rows is a source of an object per row of a CSV file.
type rows struct {
	body    io.Closer
	in      *table
	headers []string
}

var delimiters = map[string]byte{"": ',', "COMMA": ',', "PIPE": '|', "SEMICOLON": ';', "SPACE": ' ', "TAB": '\t'}

func (d *data) csv(body io.ReadCloser) (source, error) {
	in := &table{in: bufio.NewReader(body), delimiter: delimiters[d.reader.Delimiter]}
	r := &rows{body: body, in: in, headers: d.reader.CSVHeaders}
	if d.reader.FirstRow {
		first, err := in.row()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		r.headers = slices.Clone(first)
		if len(r.headers) > 0 {
			r.headers[0] = strings.TrimPrefix(r.headers[0], "\uFEFF")
		}
	}
	sorted := slices.Sorted(slices.Values(r.headers))
	if len(slices.Compact(sorted)) != len(r.headers) {
		_ = body.Close()
		return nil, cause("CSV headers cannot contain duplicates.")
	}
	return r, nil
}

func (r *rows) next() (any, bool, error) {
	row, err := r.in.row()
	if err != nil {
		_ = r.body.Close()
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return nil, false, err
	}
	out := jsonvalue.NewObject(len(r.headers))
	for i, h := range r.headers {
		cell := ""
		if i < len(row) {
			cell = row[i]
		}
		out.Set(h, cell)
	}
	return out, true, nil
}

// listing is a source of the objects under a prefix.
type listing struct {
	*data
	prefix, after string
	page          []Object
	begun, more   bool
}

func (l *listing) next() (any, bool, error) {
	for len(l.page) == 0 {
		if l.begun && !l.more {
			return nil, false, nil
		}
		var err error
		if l.page, l.more, err = l.objects.List(l.bucket, l.prefix, l.after); err != nil {
			return nil, false, err
		}
		l.begun = true
	}
	o := l.page[0]
	l.page, l.after = l.page[1:], o.Key
	return details("Etag", o.ETag, "Key", o.Key, "LastModified", javaDouble(o.LastModified.Unix()), "Size", float64(o.Size), "StorageClass", o.StorageClass), true, nil
}

// javaDouble is a number as AWS writes times in listings: 1.789180622E9.
func javaDouble(n int64) any {
	s := strconv.FormatFloat(float64(n), 'E', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	digits := strings.TrimLeft(strings.TrimPrefix(exponent, "+"), "0")
	return jsonvalue.Number(mantissa + "E" + cmp.Or(digits, "0"))
}

// flattened is a source of the items in every file of another one.
type flattened struct {
	*data
	keys source
	file source
}

func (f *flattened) next() (any, bool, error) {
	for {
		if f.file != nil {
			v, ok, err := f.file.next()
			if ok || err != nil {
				return v, ok, err
			}
			f.file = nil
		}
		key, ok, err := f.keys.next()
		if err != nil || !ok {
			return nil, false, err
		}
		bucket := f.bucket
		name, _ := key.(*jsonvalue.Object).Get("Key").(string)
		if b, ok := key.(*jsonvalue.Object).Get("Bucket").(string); ok {
			bucket = b
		}
		if f.file, err = f.data.file(bucket, name, ""); err != nil {
			return nil, false, err
		}
	}
}

// manifest is a source of the items that a manifest leads to: of S3's inventory,
// or a list of files as Athena writes it.
func (d *data) manifest(key, version string) (source, error) {
	body, err := d.objects.Open(d.bucket, key, version)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if d.reader.Manifest == "ATHENA_DATA" {
		var files []any
		for line := range strings.Lines(string(text)) {
			line = strings.Trim(strings.TrimSpace(line), `"`)
			bucket, name, ok := strings.Cut(strings.TrimPrefix(line, "s3://"), "/")
			if line == "" {
				continue
			}
			if !ok {
				return nil, fmt.Errorf("the manifest names no file of S3: %q", line)
			}
			files = append(files, details("Bucket", bucket, "Key", name))
		}
		return &flattened{data: d, keys: &list{files}}, nil
	}
	return d.inventory(text)
}

// inventory reads the manifest of an S3 inventory, whose files are zipped CSV.
func (d *data) inventory(text []byte) (source, error) {
	v, err := jsonvalue.Parse(text)
	o, ok := v.(*jsonvalue.Object)
	if err != nil || !ok {
		return nil, cause("the manifest of an S3 inventory is no JSON object")
	}
	if format, _ := o.Get("fileFormat").(string); format != "CSV" {
		return nil, fmt.Errorf("inventories of the format %q cannot be read here, only CSV", format)
	}
	schema, _ := o.Get("fileSchema").(string)
	var headers []string
	for _, h := range strings.Split(schema, ",") {
		headers = append(headers, strings.TrimSpace(h))
	}
	bucket := d.bucket
	if arn, ok := o.Get("destinationBucket").(string); ok {
		bucket = arn[strings.LastIndexByte(arn, ':')+1:]
	}
	var all chain
	files, _ := o.Get("files").([]any)
	for _, f := range files {
		entry, _ := f.(*jsonvalue.Object)
		if entry == nil {
			return nil, cause("the manifest of an S3 inventory has a file that is no object")
		}
		key, _ := entry.Get("key").(string)
		all = append(all, func() (source, error) { return d.zipped(bucket, key, headers) })
	}
	return &all, nil
}

func (d *data) zipped(bucket, key string, headers []string) (source, error) {
	body, err := d.objects.Open(bucket, key, "")
	if err != nil {
		return nil, err
	}
	var in io.Reader = body
	if strings.HasSuffix(key, ".gz") {
		if in, err = gzip.NewReader(body); err != nil {
			return nil, err
		}
	}
	return &rows{body: body, in: &table{in: bufio.NewReader(in), delimiter: ','}, headers: headers}, nil
}

// chain is a source made of others that are opened when they are due.
type chain []func() (source, error)

func (c *chain) next() (any, bool, error) {
	for len(*c) > 0 {
		s, err := (*c)[0]()
		if err != nil {
			return nil, false, err
		}
		v, ok, err := s.next()
		if ok || err != nil {
			(*c)[0] = func() (source, error) { return s, nil }
			return v, ok, err
		}
		*c = (*c)[1:]
	}
	return nil, false, nil
}
