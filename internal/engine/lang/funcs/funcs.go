// Package funcs holds the functions that expressions can call: those of cty's
// standard library under the names that configurations use, and the rest.
//
// It must not know configurations, providers or the state, and it reads nothing
// but the files that its file functions are asked for.
package funcs

import (
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Mark is what a value can be marked with.
type Mark string

// The marks of the language.
const (
	Sensitive Mark = "sensitive" // not to be shown
	Ephemeral Mark = "ephemeral" // not to be kept in a plan or a state
)

// Scope is where functions are called from. The zero value reads files relative
// to the working directory and leaves impure functions unknown.
type Scope struct {
	// Base is the folder that relative paths of file functions start at; empty
	// is the working directory.
	Base string

	// Applying makes timestamp, uuid and bcrypt return values. While planning
	// they are unknown: their results would differ at apply.
	Applying bool

	// Now is the clock of timestamp; nil is the system's.
	Now func() time.Time

	// PlanTime is the value of plantimestamp; the zero time makes it unknown.
	PlanTime time.Time

	// ReadFile reads a file by its path, Base already joined; nil is os.ReadFile.
	// A caller that holds a lock on a file gives its own, since closing any other
	// descriptor of that file would drop the lock.
	ReadFile func(path string) ([]byte, error)

	// Used, if not nil, is told of every file that a function read, by the path
	// as joined with Base, and its content. It may be called concurrently.
	Used func(path string, content []byte)
}

// All is the table of functions in scope, each as NAME and as core::NAME.
func All(s Scope) map[string]function.Function {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.ReadFile == nil {
		s.ReadFile = os.ReadFile
	}
	table := map[string]function.Function{
		"abs":              stdlib.AbsoluteFunc,
		"abspath":          absPath(s),
		"alltrue":          allTrue,
		"anytrue":          anyTrue,
		"base64decode":     base64Decode,
		"base64encode":     base64Encode,
		"base64gunzip":     base64Gunzip,
		"base64gzip":       base64Gzip,
		"base64sha256":     base64Sha256,
		"base64sha512":     base64Sha512,
		"basename":         baseName,
		"bcrypt":           impure(s, bcryptHash),
		"can":              tryfunc.CanFunc,
		"ceil":             stdlib.CeilFunc,
		"chomp":            stdlib.ChompFunc,
		"chunklist":        stdlib.ChunklistFunc,
		"cidrcontains":     cidrContains,
		"cidrhost":         cidrHost,
		"cidrnetmask":      cidrNetmask,
		"cidrsubnet":       cidrSubnet,
		"cidrsubnets":      cidrSubnets,
		"coalesce":         coalesce,
		"coalescelist":     stdlib.CoalesceListFunc,
		"compact":          stdlib.CompactFunc,
		"concat":           stdlib.ConcatFunc,
		"contains":         stdlib.ContainsFunc,
		"csvdecode":        stdlib.CSVDecodeFunc,
		"dirname":          dirName,
		"distinct":         stdlib.DistinctFunc,
		"element":          stdlib.ElementFunc,
		"endswith":         endsWith,
		"ephemeralasnull":  ephemeralAsNull,
		"file":             fileText(s),
		"filebase64":       fileBase64(s),
		"filebase64sha256": fileHash(s, base64Sha256Sum),
		"filebase64sha512": fileHash(s, base64Sha512Sum),
		"fileexists":       fileExists(s),
		"filemd5":          fileHash(s, md5Sum),
		"fileset":          fileSet(s),
		"filesha1":         fileHash(s, sha1Sum),
		"filesha256":       fileHash(s, sha256Sum),
		"filesha512":       fileHash(s, sha512Sum),
		"flatten":          stdlib.FlattenFunc,
		"floor":            stdlib.FloorFunc,
		"format":           stdlib.FormatFunc,
		"formatdate":       stdlib.FormatDateFunc,
		"formatlist":       stdlib.FormatListFunc,
		"indent":           stdlib.IndentFunc,
		"index":            index,
		"issensitive":      isSensitive,
		"join":             stdlib.JoinFunc,
		"jsondecode":       shallow(stdlib.JSONDecodeFunc),
		"jsonencode":       stdlib.JSONEncodeFunc,
		"keys":             stdlib.KeysFunc,
		"length":           length,
		"log":              stdlib.LogFunc,
		"lookup":           lookup,
		"lower":            stdlib.LowerFunc,
		"matchkeys":        matchKeys,
		"max":              stdlib.MaxFunc,
		"md5":              md5Hash,
		"merge":            stdlib.MergeFunc,
		"min":              stdlib.MinFunc,
		"nonsensitive":     nonSensitive,
		"one":              one,
		"parseint":         stdlib.ParseIntFunc,
		"pathexpand":       pathExpand,
		"plantimestamp":    planTimestamp(s),
		"pow":              stdlib.PowFunc,
		"range":            stdlib.RangeFunc,
		"regex":            stdlib.RegexFunc,
		"regexall":         stdlib.RegexAllFunc,
		"replace":          replace,
		"reverse":          stdlib.ReverseListFunc,
		"rsadecrypt":       rsaDecrypt,
		"sensitive":        sensitive,
		"setintersection":  stdlib.SetIntersectionFunc,
		"setproduct":       stdlib.SetProductFunc,
		"setsubtract":      stdlib.SetSubtractFunc,
		"setunion":         stdlib.SetUnionFunc,
		"sha1":             sha1Hash,
		"sha256":           sha256Hash,
		"sha512":           sha512Hash,
		"signum":           stdlib.SignumFunc,
		"slice":            stdlib.SliceFunc,
		"sort":             stdlib.SortFunc,
		"split":            stdlib.SplitFunc,
		"startswith":       startsWith,
		"strcontains":      strContains,
		"strrev":           stdlib.ReverseFunc,
		"substr":           stdlib.SubstrFunc,
		"sum":              sum,
		"textdecodebase64": textDecodeBase64,
		"textencodebase64": textEncodeBase64,
		"timeadd":          stdlib.TimeAddFunc,
		"timecmp":          timeCmp,
		"timestamp":        impure(s, timestamp(s)),
		"title":            stdlib.TitleFunc,
		"tobool":           toBool,
		"tolist":           toList,
		"tomap":            toMap,
		"tonumber":         toNumber,
		"toset":            toSet,
		"tostring":         toString,
		"transpose":        transpose,
		"trim":             stdlib.TrimFunc,
		"trimprefix":       stdlib.TrimPrefixFunc,
		"trimspace":        stdlib.TrimSpaceFunc,
		"trimsuffix":       stdlib.TrimSuffixFunc,
		"try":              tryfunc.TryFunc,
		"upper":            stdlib.UpperFunc,
		"urldecode":        urlDecode,
		"urlencode":        urlEncode,
		"uuid":             impure(s, newUUID),
		"uuidv5":           uuidV5,
		"values":           stdlib.ValuesFunc,
		"yamldecode":       shallow(bounded(ctyyaml.YAMLDecodeFunc)),
		"yamlencode":       ctyyaml.YAMLEncodeFunc,
		"zipmap":           stdlib.ZipmapFunc,
	}
	// Templates may call every function, each other included.
	table["templatefile"] = templateFile(s, table)
	table["templatestring"] = templateString(table)

	return withCore(table)
}

// withCore adds every function under its name in the namespace core.
func withCore(table map[string]function.Function) map[string]function.Function {
	out := make(map[string]function.Function, 2*len(table))
	for name, f := range table {
		out[name] = f
		out["core::"+name] = f
	}
	return out
}

// path joins p with the scope's base unless it is absolute, ~ expanded.
func (s Scope) path(p string) (string, error) {
	p, err := expandHome(p)
	if err != nil {
		return "", err
	}
	if s.Base != "" && !filepath.IsAbs(p) {
		p = filepath.Join(s.Base, p)
	}
	return filepath.Clean(p), nil
}

// impure keeps f's results unknown while planning.
func impure(s Scope, f function.Function) function.Function {
	if s.Applying {
		return f
	}
	return function.Unpredictable(f)
}
