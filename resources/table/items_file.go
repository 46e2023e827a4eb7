package table

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/dynamo"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/dynamodb/expr"
)

// ItemsOf are the items of a value: a list of objects, or an object or map of them
// whose names do not count.
func ItemsOf(v attr.Value) ([]expr.Item, error) {
	value, err := dynamo.Value(v)
	if err != nil {
		return nil, err
	}
	var all []expr.Item
	add := func(v expr.Value, at string) error {
		m, ok := v.(expr.Map)
		if !ok {
			return &dynamo.Error{At: at, What: "An item is an object, such as { id = \"a\" }."}
		}
		all = append(all, m)
		return nil
	}
	switch value := value.(type) {
	case expr.List:
		for i, e := range value {
			if err := add(e, fmt.Sprintf("[%d]", i)); err != nil {
				return nil, err
			}
		}
	case expr.Map:
		for name, e := range value {
			if err := add(e, "."+name); err != nil {
				return nil, err
			}
		}
	default:
		return nil, &dynamo.Error{What: "Items are a list of objects, or an object of objects."}
	}
	return all, nil
}

// FileItems are the items of a file: lines of JSON (.jsonl), each a plain object or
// an item as DynamoDB exports it, {"Item": {…}}; or comma-separated values (.csv)
// whose first line names the attributes, "id,price:N", of type S or what follows
// the colon.
func FileItems(name string) ([]expr.Item, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the items: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // spreadsheets write it in front
	var all []expr.Item
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".jsonl":
		all, err = lines(text)
	case ".csv":
		all, err = values(text)
	default:
		return nil, &dynamo.Error{What: fmt.Sprintf("The file %s is neither .jsonl nor .csv.", name)}
	}
	if err != nil {
		return nil, fmt.Errorf("%s, %w", name, err)
	}
	return all, nil
}

func lines(text []byte) ([]expr.Item, error) {
	var all []expr.Item
	in := bufio.NewScanner(bytes.NewReader(text))
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		item, err := lineItem(in.Text())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, item)
	}
	return all, in.Err()
}

func lineItem(line string) (expr.Item, error) {
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, &dynamo.Error{What: "It is no JSON object: " + err.Error() + "."}
	}
	if object == nil {
		return nil, &dynamo.Error{What: "It is no JSON object but null."}
	}
	if d.More() {
		return nil, &dynamo.Error{What: "There is more than one JSON object."}
	}
	if len(object) == 1 && object["Item"] != nil {
		if typed, err := json.Marshal(object["Item"]); err == nil {
			return dynamo.ParseItem(string(typed))
		}
	}
	return dynamo.FromJSON(object)
}

func values(text []byte) ([]expr.Item, error) {
	in := csv.NewReader(bytes.NewReader(text))
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, column := range head {
		name, kind, _ := strings.Cut(column, ":")
		switch {
		case name == "" || have[name]:
			return nil, &dynamo.Error{What: fmt.Sprintf("the column %q: each column has a name of its own.", column)}
		case kind != "" && kind != "S" && kind != "N":
			return nil, &dynamo.Error{What: fmt.Sprintf("the column %q: a column is of type S or N, written as name:N.", column)}
		}
		have[name] = true
	}
	var all []expr.Item
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		item := expr.Item{}
		for i, column := range head {
			name, kind, _ := strings.Cut(column, ":")
			switch {
			case row[i] == "" && kind == "N": // no number
			case kind == "N":
				n, err := expr.ParseNumber(row[i])
				if err != nil {
					line, _ := in.FieldPos(i)
					return nil, fmt.Errorf("line %d, column %s: %w", line, name, err)
				}
				item[name] = n
			default:
				item[name] = expr.String(row[i])
			}
		}
		all = append(all, item)
	}
}

// given are the items of either argument.
func given(items basetypes.Dynamic, file basetypes.String) ([]expr.Item, error) {
	if !file.IsNull() {
		return FileItems(file.ValueString())
	}
	return ItemsOf(items)
}
