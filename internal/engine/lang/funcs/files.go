package funcs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// read reads the file named by a possibly sensitive path.
func (s Scope) read(path cty.Value) ([]byte, error) {
	p, err := s.path(bare(path).AsString())
	if err != nil {
		return nil, function.NewArgError(0, err)
	}
	content, err := s.ReadFile(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, function.NewArgErrorf(0, "there is no file %s; functions read only files that exist before the run begins, so the output of a resource must come from an attribute of that resource", shown(path))
	case err != nil && path.IsMarked():
		return nil, function.NewArgErrorf(0, "the file named by a sensitive value cannot be read")
	case err != nil:
		return nil, function.NewArgErrorf(0, "the file cannot be read: %s", err)
	}
	if s.Used != nil {
		s.Used(p, content)
	}
	return content, nil
}

// shown is a path in an error text, if it may be shown.
func shown(path cty.Value) string {
	if path.IsMarked() {
		return "at the given sensitive path"
	}
	return strconv.Quote(path.AsString())
}

func filePath(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.String, AllowMarked: true}
}

// fileFunc makes a function from a file's content to a string.
func fileFunc(s Scope, f func(path cty.Value, content []byte) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{filePath("path")},
		Type:         function.StaticReturnType(cty.String),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			content, err := s.read(args[0])
			if err != nil {
				return cty.UnknownVal(cty.String), err
			}
			out, err := f(args[0], content)
			if err != nil {
				return cty.UnknownVal(cty.String), err
			}
			return cty.StringVal(out).WithMarks(args[0].Marks()), nil
		},
	})
}

func fileText(s Scope) function.Function {
	return fileFunc(s, func(path cty.Value, content []byte) (string, error) {
		if !utf8.Valid(content) {
			return "", function.NewArgErrorf(0, "the file %s is not UTF-8 text; use filebase64 for its content, or filesha256 and the like for its hash", shown(path))
		}
		return string(content), nil
	})
}

func fileBase64(s Scope) function.Function {
	return fileFunc(s, func(_ cty.Value, content []byte) (string, error) {
		return base64.StdEncoding.EncodeToString(content), nil
	})
}

func fileHash(s Scope, sum digest) function.Function {
	return fileFunc(s, func(_ cty.Value, content []byte) (string, error) { return sum(content), nil })
}

func fileExists(s Scope) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{filePath("path")},
		Type:         function.StaticReturnType(cty.Bool),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			p, err := s.path(bare(args[0]).AsString())
			if err != nil {
				return cty.UnknownVal(cty.Bool), function.NewArgError(0, err)
			}
			at, err := os.Stat(p)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return cty.False.WithMarks(args[0].Marks()), nil
			case err != nil:
				return cty.UnknownVal(cty.Bool), function.NewArgErrorf(0, "it cannot be told whether the file %s exists", shown(args[0]))
			case at.IsDir():
				return cty.UnknownVal(cty.Bool), function.NewArgErrorf(0, "%s is a directory, not a file", shown(args[0]))
			case !at.Mode().IsRegular():
				return cty.UnknownVal(cty.Bool), function.NewArgErrorf(0, "%s is not a regular file", shown(args[0]))
			}
			return cty.True.WithMarks(args[0].Marks()), nil
		},
	})
}

// fileSet lists the regular files below a folder that match a pattern, ** for
// any depth, relative to the folder.
func fileSet(s Scope) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{filePath("path"), {Name: "pattern", Type: cty.String, AllowMarked: true}},
		Type:         function.StaticReturnType(cty.Set(cty.String)),
		RefineResult: notNull,
		Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
			folder, err := s.path(bare(args[0]).AsString())
			if err != nil {
				return cty.UnknownVal(ty), function.NewArgError(0, err)
			}
			// The folder's own name may hold characters that patterns use.
			pattern := filepath.ToSlash(filepath.Clean(bare(args[1]).AsString()))
			for strings.HasPrefix(pattern, "../") {
				folder, pattern = filepath.Join(folder, ".."), pattern[3:]
			}
			names, err := doublestar.Glob(os.DirFS(folder), pattern)
			if err != nil {
				return cty.UnknownVal(ty), function.NewArgErrorf(1, "the pattern cannot be understood: %s", err)
			}
			start, err := s.path(bare(args[0]).AsString())
			if err != nil {
				return cty.UnknownVal(ty), function.NewArgError(0, err)
			}
			var found []cty.Value
			for _, name := range names {
				full := filepath.Join(folder, name)
				if at, err := os.Stat(full); err != nil || !at.Mode().IsRegular() {
					continue // a folder, or a link to nothing
				}
				rel, err := filepath.Rel(start, full)
				if err != nil {
					return cty.UnknownVal(ty), function.NewArgError(0, err)
				}
				found = append(found, cty.StringVal(filepath.ToSlash(rel)))
			}
			out := cty.SetValEmpty(cty.String)
			if len(found) > 0 {
				out = cty.SetVal(found)
			}
			return out.WithMarks(args[0].Marks(), args[1].Marks()), nil
		},
	})
}

var baseName = stringFunc("path", func(p string) (string, error) { return filepath.Base(p), nil })

var dirName = stringFunc("path", func(p string) (string, error) { return filepath.ToSlash(filepath.Dir(p)), nil })

var pathExpand = stringFunc("path", expandHome)

func absPath(s Scope) function.Function {
	return stringFunc("path", func(p string) (string, error) {
		if s.Base != "" && !filepath.IsAbs(p) {
			p = filepath.Join(s.Base, p)
		}
		p, err := filepath.Abs(p)
		return filepath.ToSlash(p), err
	})
}

// expandHome replaces a leading ~ by the home directory.
func expandHome(p string) (string, error) {
	if !strings.HasPrefix(p, "~") {
		return p, nil
	}
	if len(p) > 1 && !slices.Contains([]byte{'/', filepath.Separator}, p[1]) {
		return "", fmt.Errorf("the home directory of another user, %q, cannot be found; write the path in full", p)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the home directory for %q: %w", p, err)
	}
	return filepath.Join(home, p[1:]), nil
}
