package artifact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// IgnoreFile is the name of the file in a packaged folder whose lines, in
// gitignore's syntax, are left out like Source.Exclude.
const IgnoreFile = ".serverlessignore"

// never are left out of every folder: what tools keep beside the code, which
// would change the package at every run.
var never = []string{".git/", ".terraform/", ".serverless/", ".DS_Store", IgnoreFile, "*.tfstate", "*.tfstate.*", ".terraform.lock.hcl"}

func eachInDir(s Source, add func(name string, r io.Reader) error) error {
	// A Root confines every open to the folder, also through symlinks.
	root, err := os.OpenRoot(s.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s; create it, or correct the path", s.Dir)
	case err != nil:
		return fmt.Errorf("reading the folder %s: %w; use file to package a single file", s.Dir, err)
	}
	defer root.Close()

	patterns := slices.Concat(never, s.Exclude)
	switch lines, err := root.ReadFile(IgnoreFile); {
	case err == nil:
		patterns = append(patterns, strings.Split(string(lines), "\n")...)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("reading %s: %w", path.Join(s.Dir, IgnoreFile), err)
	}
	ignored, err := compile(patterns)
	if err != nil {
		return err
	}
	for _, p := range s.Include {
		if !doublestar.ValidatePattern(p) {
			return fmt.Errorf("the include pattern %q is not a valid glob", p)
		}
	}

	t := &tree{root: root, dir: s.Dir, ignored: ignored, include: s.Include}
	if err := t.walk("."); err != nil {
		return err
	}
	slices.Sort(t.paths)
	if len(t.paths) == 0 {
		return errEmpty
	}
	for _, name := range t.paths {
		if err := t.open(name, add); err != nil {
			return err
		}
	}
	return nil
}

// A tree lists the files of a folder that belong in its package.
type tree struct {
	root    *os.Root
	dir     string // as the user wrote it, for errors
	ignored ignore
	include []string
	paths   []string
}

func (t *tree) walk(dir string) error {
	entries, err := fs.ReadDir(t.root.FS(), dir)
	if err != nil {
		return fmt.Errorf("reading the folder %s: %w", path.Join(t.dir, dir), err)
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		isDir, mode := e.IsDir(), e.Type()
		if mode&fs.ModeSymlink != 0 {
			if t.ignored.match(name, false) {
				continue
			}
			info, err := t.root.Stat(name) // follows, but not out of the folder nor in circles
			if err != nil {
				return fmt.Errorf("packaging %s: the symlink leads nowhere, in a circle or out of the folder (%w); exclude it, or copy what it points to", path.Join(t.dir, name), err)
			}
			isDir, mode = info.IsDir(), info.Mode().Type()
		}
		switch {
		case t.ignored.match(name, isDir):
		case isDir:
			if err := t.walk(name); err != nil {
				return err
			}
		case mode != 0:
			return fmt.Errorf("packaging %s: it is not a regular file; exclude it", path.Join(t.dir, name))
		case t.included(name):
			t.paths = append(t.paths, name)
		}
	}
	return nil
}

func (t *tree) included(name string) bool {
	return len(t.include) == 0 || slices.ContainsFunc(t.include, func(p string) bool {
		return doublestar.MatchUnvalidated(p, name)
	})
}

func (t *tree) open(name string, add func(string, io.Reader) error) error {
	f, err := t.root.Open(name)
	if err != nil {
		return fmt.Errorf("packaging %s: %w", path.Join(t.dir, name), err)
	}
	defer f.Close()
	return add(name, f)
}

// ignore is a list of gitignore patterns; the last one that matches decides.
type ignore []pattern

type pattern struct {
	glob    string
	keep    bool // "!…": not ignored after all
	dirOnly bool // "…/"
}

func compile(lines []string) (ignore, error) {
	var ig ignore
	for _, line := range lines {
		line = strings.TrimRight(line, " \t\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var p pattern
		if rest, ok := strings.CutPrefix(line, "!"); ok {
			p.keep, line = true, rest
		}
		if rest, ok := strings.CutSuffix(line, "/"); ok {
			p.dirOnly, line = true, rest
		}
		// A slash at the beginning or in the middle ties a pattern to the top;
		// any other matches at every depth.
		if strings.Contains(line, "/") {
			p.glob = strings.TrimPrefix(line, "/")
		} else {
			p.glob = "**/" + line
		}
		if !doublestar.ValidatePattern(p.glob) {
			return nil, fmt.Errorf("the exclude pattern %q is not a valid glob", line)
		}
		ig = append(ig, p)
	}
	return ig, nil
}

func (ig ignore) match(name string, isDir bool) bool {
	for _, p := range slices.Backward(ig) {
		if p.dirOnly && !isDir {
			continue
		}
		if doublestar.MatchUnvalidated(p.glob, name) {
			return !p.keep
		}
	}
	return false
}
