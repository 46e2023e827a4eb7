package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// chunk is how large a file of results grows before it is written. It bounds the
// memory that a map run needs.
const chunk = 4 << 20

// writer exports the results of a map run.
type writer struct {
	objects        Objects // nil when results are only transformed
	bucket, prefix string
	config         *asl.Writer
	run            string // the id of the map run
	runARN         string
	pending        map[string][]byte // by kind: SUCCEEDED and FAILED
	files          []file
	kept           []any            // when they are not exported
	unwritten      map[string][]int // children whose results are not in a file yet, by kind
}

// file is a file of results that was written.
type file struct {
	Kind, Key string
	Size      int
}

// writer makes the writer that a ResultWriter describes.
func (x *Execution) writer(t *thread, st *asl.State) (*writer, error) {
	config := st.Map.Writer
	w := &writer{config: config, pending: map[string][]byte{}, unwritten: map[string][]int{}, runARN: t.Group.MapRun, run: t.Group.MapRun[strings.LastIndexByte(t.Group.MapRun, ':')+1:]}
	if config.Resource.ARN == "" {
		return w, nil
	}
	if x.objects == nil {
		return nil, errNoObjects
	}
	input, err := x.path(t, st.InputPath, t.Input.v)
	if err != nil {
		return nil, err
	}
	var arguments any
	if config.Arguments != nil {
		if arguments, err = config.Arguments.Eval(x.env(t, input)); err != nil {
			return nil, err
		}
	}
	o, _ := arguments.(*jsonvalue.Object)
	if o == nil {
		return nil, fmt.Errorf("the ResultWriter names no bucket")
	}
	if err := onlyTexts(o, []string{"Bucket", "Prefix"}); err != nil {
		return nil, err
	}
	w.objects = x.objects
	w.bucket, _ = o.Get("Bucket").(string)
	w.prefix, _ = o.Get("Prefix").(string)
	return w, nil
}

// gather takes the result of a child.
func (x *Execution) gather(t *thread, index int, e Ended) error {
	w := x.results[t.ID].writer
	if w == nil {
		if e.Status != Succeeded {
			return nil
		}
		v, err := jsonvalue.Parse([]byte(e.Output))
		if err != nil {
			return err
		}
		x.keep(t, index, v, len(e.Output))
		return nil
	}
	if x.dirty != nil { // until it is in a file, it must survive with the execution
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if x.results[t.ID].values[index], err = jsonvalue.Parse(text); err != nil {
			return err
		}
		x.mark(resultKey(t.ID, index))
	}
	if err := w.add(index, e); err != nil {
		return err
	}
	if len(w.files) > len(t.Group.Files) {
		kind := w.files[len(w.files)-1].Kind
		for _, i := range w.unwritten[kind] {
			delete(x.results[t.ID].values, i)
			x.mark(resultKey(t.ID, i))
		}
		w.unwritten[kind] = nil
	}
	t.Group.Files = w.files
	return nil
}

// refill gives a writer that was made anew the results that are in no file.
func (w *writer) refill(values map[int]any) error {
	for _, index := range slices.Sorted(maps.Keys(values)) {
		var e Ended
		if err := json.Unmarshal(jsonvalue.Marshal(values[index]), &e); err != nil {
			return err
		}
		if err := w.add(index, e); err != nil {
			return err
		}
	}
	return nil
}

// add takes the result of a child.
func (w *writer) add(index int, e Ended) error {
	kind := "SUCCEEDED"
	if e.Status != Succeeded {
		kind = "FAILED"
	}
	w.unwritten[kind] = append(w.unwritten[kind], index)
	var values []any
	if w.config.Transformation == "NONE" || kind == "FAILED" {
		values = []any{e.json()}
	} else {
		v, err := jsonvalue.Parse([]byte(e.Output))
		if err != nil {
			return err
		}
		values = []any{v}
		if items, ok := v.([]any); ok && w.config.Transformation == "FLATTEN" {
			values = items
		}
	}
	if w.objects == nil {
		if kind == "SUCCEEDED" {
			w.kept = append(w.kept, values...)
		}
		return nil
	}
	for _, v := range values {
		text := w.pending[kind]
		switch {
		case w.config.OutputType == "JSONL":
			text = append(jsonvalue.Append(text, v), '\n')
		case len(text) == 0:
			text = jsonvalue.Append([]byte{'['}, v)
		default:
			text = jsonvalue.Append(append(text, ','), v)
		}
		w.pending[kind] = text
	}
	if len(w.pending[kind]) >= chunk {
		return w.flush(kind)
	}
	return nil
}

// json is a child as AWS writes it into files of results.
func (e Ended) json() any {
	o := details("ExecutionArn", e.ARN, "Input", e.Input, "InputDetails", details("Included", true), "Name", e.Name)
	if e.Status == Succeeded {
		o.Set("Output", e.Output)
		o.Set("OutputDetails", details("Included", true))
	} else {
		if e.Failure.Error != nil {
			o.Set("Error", *e.Failure.Error)
		}
		if e.Failure.Cause != nil {
			o.Set("Cause", *e.Failure.Cause)
		}
	}
	o.Set("StartDate", e.Start.UTC().Format(layout))
	o.Set("StateMachineArn", e.MachineARN)
	o.Set("Status", string(e.Status))
	o.Set("StopDate", e.Stop.UTC().Format(layout))
	return o
}

func (w *writer) key(name string) string {
	prefix := strings.TrimSuffix(w.prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return prefix + w.run + "/" + name
}

// flush writes what has gathered of a kind.
func (w *writer) flush(kind string) error {
	text := w.pending[kind]
	if len(text) == 0 {
		return nil
	}
	if w.config.OutputType != "JSONL" {
		text = append(text, ']')
	}
	n := 0
	for _, f := range w.files {
		if f.Kind == kind {
			n++
		}
	}
	key := w.key(fmt.Sprintf("%s_%d.json", kind, n)) // AWS names files of JSON lines so too
	if err := w.objects.Put(w.bucket, key, text); err != nil {
		return err
	}
	w.files = append(w.files, file{kind, key, len(text)})
	w.pending[kind] = nil
	return nil
}

// close writes what is left, and the manifest.
func (w *writer) close() error {
	if w.objects == nil {
		return nil
	}
	byKind := map[string][]any{"FAILED": {}, "PENDING": {}, "SUCCEEDED": {}}
	for _, kind := range []string{"SUCCEEDED", "FAILED"} {
		if err := w.flush(kind); err != nil {
			return err
		}
	}
	for _, f := range w.files {
		byKind[f.Kind] = append(byKind[f.Kind], details("Key", f.Key, "Size", float64(f.Size)))
	}
	manifest := details("DestinationBucket", w.bucket, "MapRunArn", w.runARN,
		"ResultFiles", details("FAILED", byKind["FAILED"], "PENDING", byKind["PENDING"], "SUCCEEDED", byKind["SUCCEEDED"]))
	return w.objects.Put(w.bucket, w.key("manifest.json"), jsonvalue.Marshal(manifest))
}

// result is the result of the Map state.
func (w *writer) result(mapRun string) any {
	if w.objects == nil {
		if w.kept == nil {
			return []any{}
		}
		return w.kept
	}
	return details("MapRunArn", mapRun, "ResultWriterDetails", details("Bucket", w.bucket, "Key", w.key("manifest.json")))
}
