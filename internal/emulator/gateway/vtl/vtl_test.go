package vtl

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ template, want string }{
		{"plain $ # text", "plain $ # text"},
		{"#set($x=3)$x #set($y=3)$y", "33"},
		{"$a.b and ${a.b}c and $!a.b", "1 and 1c and 1"},
		{"$none $!none $d.missing $a.n", "$none  $d.missing $a.n"},
		{"$a", "{b=1, n=null, l=[1,\"x\"]}"},
		{"#set($n = 7/2)$n #set($n = 7.0/2)$n", "33"},
		{"#set($n = 7.5/2)$n", "3.75"},
		{"#set($t = 1 + 2 * 3 - 1)$t", "6"},
		{"#if($none)a#elseif($a.b == 1)b#{else}c#end", "b"},
		{"#if(\"\")a#{else}b#end", "b"},
		{"#if(!$none && ($a.b gt 0 or false))a#end", "a"},
		{"#foreach($i in $a.l)$i$foreach.count#if($foreach.hasNext),#end#end", "11,x2"},
		{"#foreach($i in [1..3])$velocityCount#end", "123"},
		{"#foreach($i in [2..-1])$i,#end", "2,1,0,-1,"},
		{"#foreach($i in [9007199254740992..9007199254740994])x#end", "xxx"},
		{"#foreach($e in $a.entrySet())$e.key #end", "b n l "},
		{"#set($l = [])$l.add(3)$l.add('x')$l.size()", "truetrue2"},
		{"#set($m = {\"k\": 'v'})#set($m.z = 2)$m.k$m.get(\"z\")$m", "v2{k=v, z=2}"},
		{"#set($s = \"x${a.b}y\")$s.toUpperCase()$s.length()$s.substring(1, 2)", "X1Y31"},
		{"#set($s = 'x$a.b')$s", "x$a.b"},
		{"## a comment\nb#* c *#d#[[ $a.b ]]#", "bd $a.b "},
		{"\\$a.b \\#if", "$a.b #if"},
		{"a\n#if(true)\nb\n#end\nc", "a\nb\nc"},
		{"$s.split(',').get(1) $s.replace(',', ';') $s.contains('a')", "b a;b true"},
		{"$a.l[1] $a.l[-1] $a[\"b\"] $a.l[9]", "x x 1 $a.l[9]"},
		{"$1 $a. $a.b.", "$1 {b=1, n=null, l=[1,\"x\"]}. 1."},
	} {
		document, err := jsonvalue.Parse([]byte(`{"b":1,"n":null,"l":[1,"x"]}`))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := Parse(row.template)
		if err != nil {
			t.Errorf("%s: %v", row.template, err)
			continue
		}
		got, err := parsed.Run(t.Context(), map[string]any{"a": document, "d": jsonvalue.NewObject(0), "s": "a,b"})
		if err != nil || got != row.want {
			t.Errorf("%s: got %q, %v, want %q", row.template, got, err, row.want)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]string{
		"#macro(x)#end":                         "#macro is not carried out",
		"\n#parse('x')":                         "line 2 of the template: #parse is not carried out",
		"#if(true)":                             "#if does not end",
		"#end":                                  "#end without a beginning",
		"#set(x = 1)":                           "#set sets no reference",
		"#set($x 1)":                            `"=" is missing`,
		"#foreach($x of [1])#end":               `"in" is missing`,
		"#set($x = 'a":                          "a text does not end",
		"#set($x = %)":                          "is no expression",
		"#[[":                                   "does not end",
		strings.Repeat("#if(true)", 200):        "nested too deep",
		"#set($x = " + strings.Repeat("(", 999): "nested too deep",
	} {
		if _, err := Parse(template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want %s", template, err, want)
		}
	}
	for template, want := range map[string]string{
		"$s.notify()":       "the method notify of a is not carried out",
		"$s.substring('x')": "does not take these arguments",
		"#set($x='xxxxxxxx')#foreach($a in [1..99])#set($x = \"$x$x\")#end":                               "too large",
		"#set($x='xxxxxxxx')#foreach($a in [1..99])$x.replace('x', $x)#set($x = $x.replace('x', $x))#end": "does not take these arguments",
		"#foreach($a in [1..9999])$l.add($l)#end$l$undefined.method()":                                    "",
		"#foreach($a in [1..9999])#foreach($b in [1..9999])x#end#end":                                     "too much work",
		"#foreach($a in [1..9999])#foreach($b in [1..9999])#end#end":                                      "too much work",
	} {
		parsed, err := Parse(template)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Run(t.Context(), map[string]any{"s": "a", "l": &List{}}); want != "" && err == nil || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", template, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("#set($x = [1, {'a': \"$b.c('d')\"}])#foreach($i in $x)${i[0]}#end")
	f.Fuzz(func(_ *testing.T, template string) {
		if parsed, err := Parse(template); err == nil {
			_, _ = parsed.Run(context.Background(), map[string]any{"b": "text"}) // it must end
		}
	})
}

// stopper is an object whose method ends the run that calls it.
type stopper struct {
	stop  context.CancelFunc
	calls int
}

func (*stopper) Property(string) any { return nil }

func (s *stopper) Call(string, []any) (any, error) {
	s.calls++
	s.stop()
	return "", nil
}

// TestRunEnds ends a template that has more to do.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	parsed, err := Parse(`#foreach($i in [1..9])$s.stop()#end`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := &stopper{stop: cancel}
	if _, err := parsed.Run(ctx, map[string]any{"s": s}); !errors.Is(err, context.Canceled) || s.calls != 1 {
		t.Errorf("got %v after %d calls, want it to end after the first", err, s.calls)
	}
}
