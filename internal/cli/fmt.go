package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

var fmtCommand = command{
	name:    "fmt",
	args:    "[FILE|FOLDER...]",
	summary: "Rewrite configuration files in the usual layout",
	help:    "Without arguments, the files of the working directory are rewritten; - stands for the standard input.",
	flags: func(fs *flag.FlagSet) action {
		var f formatter
		fs.BoolVar(&f.list, "list", true, "name the files that changed")
		fs.BoolVar(&f.write, "write", true, "write the files")
		fs.BoolVar(&f.diff, "diff", false, "show what changed")
		fs.BoolVar(&f.check, "check", false, "write nothing, and exit with 3 if a file would change")
		fs.BoolVar(&f.recursive, "recursive", false, "go into the folders below, too")
		fs.BoolVar(&f.view.noColor, "no-color", false, "write no colors, even to a terminal")
		return func(_ context.Context, p *Program, args []string) error {
			f.v = newView(p, f.view)
			if len(args) == 0 {
				args = []string{"."}
			}
			for _, a := range args {
				if err := f.path(a); err != nil {
					if err = f.v.fail(err); errors.Is(err, exit(1)) {
						err = exit(2) // 3 is for files that would change
					}
					return err
				}
			}
			if f.check && f.changed {
				return exit(3)
			}
			return nil
		}
	},
}

type formatter struct {
	view                                viewFlags
	v                                   *view
	list, write, diff, check, recursive bool
	changed                             bool
}

func (f *formatter) path(path string) error {
	if path == "-" {
		src, err := io.ReadAll(f.v.p.In)
		if err != nil {
			return fmt.Errorf("reading the standard input: %w", err)
		}
		out, err := f.format("<stdin>", src)
		if err != nil {
			return err
		}
		changed := !bytes.Equal(src, out)
		f.changed = f.changed || changed
		if f.diff && changed {
			f.v.say("%s", udiff.Unified("old/<stdin>", "new/<stdin>", string(src), string(out)))
		}
		if !f.check && !f.diff {
			_, err = f.v.p.Out.Write(out)
		}
		return err
	}
	at, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("looking for what to format: %w", err)
	}
	if !at.IsDir() && !formatted(filepath.Base(path)) {
		return advise(fmt.Errorf("%s is no configuration file", path), "The names of those end with "+strings.Join(formattedExtensions, ", ")+".")
	}
	if !at.IsDir() {
		return f.file(path)
	}
	return filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name != path && (!f.recursive || strings.HasPrefix(e.Name(), ".")):
			return filepath.SkipDir
		case e.IsDir() || !formatted(e.Name()):
			return nil
		}
		return f.file(name)
	})
}

// formattedExtensions are those of the files that are configuration.
var formattedExtensions = []string{".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl", ".tfquery.hcl", ".tofu", ".tofutest.hcl"}

func formatted(name string) bool {
	return !strings.HasPrefix(name, ".") && slices.ContainsFunc(formattedExtensions, func(x string) bool { return strings.HasSuffix(name, x) })
}

func (f *formatter) file(path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading what to format: %w", err)
	}
	out, err := f.format(path, src)
	if err != nil || bytes.Equal(src, out) {
		return err
	}
	f.changed = true
	if f.list {
		f.v.say("%s\n", path)
	}
	if f.diff {
		f.v.say("%s", udiff.Unified("old/"+path, "new/"+path, string(src), string(out)))
	}
	if f.check || !f.write {
		if !f.check && !f.list && !f.diff {
			_, err = f.v.p.Out.Write(out)
		}
		return err
	}
	at, err := os.Stat(path)
	if err == nil {
		err = os.WriteFile(path, out, at.Mode().Perm()) //nolint:gosec // the user names the file
	}
	if err != nil {
		return fmt.Errorf("writing what was formatted: %w", err)
	}
	return nil
}

// format refuses what is not HCL, which it could only spoil.
func (f *formatter) format(name string, src []byte) ([]byte, error) {
	f.v.sources[name] = src
	out, diags := formatSource(name, src)
	if diags.HasErrors() {
		return nil, diags
	}
	return out, nil
}
