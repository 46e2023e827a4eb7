package tf

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A vessel is a model of a type that is only here.
type vessel struct {
	Base
	Tagged
	Name  types.String `tfsdk:"name"`
	Kind  types.String `tfsdk:"kind"`
	Color types.String `tfsdk:"color"`
}

// A harbor is an AWS of one place, which notes what it is asked to do.
type harbor struct {
	kind, color string // of the vessel that is there; "" for none
	tags        map[string]string
	answer      error // of the next call that makes one
	lost        bool  // it is carried out in spite of the answer
	late        int   // looks that do not see yet what was made
	did         []string
}

var vesselType = Type[*harbor, vessel]{
	Name: "house_boat", Import: []string{"name"}, Replace: []string{"kind"},
	Schema: schema.Schema{Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true}, "kind": schema.StringAttribute{Optional: true}, "color": schema.StringAttribute{Optional: true}, "tags": TagsAttribute(),
	}},
	Gone: Gone[*missing]("GetVessel"),
	Find: func(_ context.Context, c *harbor, _ *vessel) (bool, map[string]string, error) {
		if len(c.did) > 0 && c.late > 0 {
			c.late--
			return false, nil, nil
		}
		return c.kind != "", c.tags, nil
	},
	Create: func(ctx context.Context, c *harbor, m *vessel) error {
		c.did = append(c.did, "create")
		if c.answer == nil || c.lost {
			c.kind, c.color = m.Kind.ValueString(), m.Color.ValueString()
			if c.tags == nil {
				c.tags = m.Marked(ctx)
			}
		}
		if c.answer == nil {
			m.ID = m.Name
		}
		return c.answer
	},
	Undo: func(_ context.Context, c *harbor, _ *vessel) error {
		c.did = append(c.did, "undo")
		return nil
	},
	Read: func(ctx context.Context, c *harbor, m *vessel) error {
		m.ID, m.Kind, m.Color = m.Name, types.StringValue(c.kind), types.StringValue(c.color)
		SetTags(ctx, &m.Tagged, c.tags)
		return nil
	},
	Update: func(_ context.Context, c *harbor, prior, m *vessel) error {
		if !prior.Color.Equal(m.Color) {
			c.did, c.color = append(c.did, "paint"), m.Color.ValueString()
		}
		return nil
	},
	Delete: func(context.Context, *harbor, *vessel) error { return nil },
	Tag: func(_ context.Context, c *harbor, _ *vessel, set map[string]string, remove []string) error {
		c.did = append(c.did, "tag")
		maps.Copy(c.tags, set)
		for _, k := range remove {
			delete(c.tags, k)
		}
		return nil
	},
}

// TestMake goes through what can stand where an object is to be created.
func TestMake(t *testing.T) {
	t.Parallel()
	mine, other, none := map[string]string{MarkerKey: "here"}, map[string]string{MarkerKey: "there"}, map[string]string{}
	no, cut := &missing{}, errors.New("connection reset")
	for _, c := range []struct {
		name   string
		harbor harbor
		taken  bool   // by another block of the name
		noted  *trace // by a run that was cut off
		over   bool   // what was noted is taken back
		did    string
		says   []string // of the error; none: the vessel is there, red
	}{
		{name: "nothing", did: "create"},
		{name: "its own, cut off", harbor: harbor{kind: "sail", color: "blue", tags: mine}, did: "paint"},
		{name: "its own, of another kind", harbor: harbor{kind: "steam", tags: mine}, says: []string{"unfinished with another kind", "Apply again"}},
		{name: "another's", harbor: harbor{kind: "steam", color: "red", tags: none}, says: []string{"house boat a exists already in eu-north-1", "Somebody else made it", "differs from this one in kind.", "import serverless_house_boat.NAME 'a'"}},
		{name: "the same of another's", harbor: harbor{kind: "sail", color: "red", tags: other}, says: []string{"was cut off left it unfinished", "It is as this one should be."}},
		{name: "its own, complete", harbor: harbor{kind: "sail", color: "red", tags: none}, noted: &trace{Mark: "run", ID: "a"}},
		{name: "its own, unfinished in another stack", harbor: harbor{kind: "sail", color: "blue", tags: map[string]string{MarkerKey: "run"}}, noted: &trace{Mark: "run"}, did: "paint"},
		{name: "another's, made since", harbor: harbor{kind: "sail", color: "red", tags: none}, noted: &trace{Mark: "run"}, over: true, says: []string{"exists already"}},
		{name: "its own, changed since", harbor: harbor{kind: "sail", color: "blue", tags: none}, noted: &trace{Mark: "run", ID: "a"}, says: []string{"exists already", "differs from this one in color"}},
		{name: "another's of another id", harbor: harbor{kind: "sail", color: "red", tags: none}, noted: &trace{Mark: "run", ID: "b"}, over: true, says: []string{"exists already"}},
		{name: "one of two blocks", taken: true, says: []string{"exists already"}},
		{name: "refused", harbor: harbor{answer: no}, did: "create undo", says: []string{"missing"}},
		{name: "never answered, not made", harbor: harbor{answer: cut}, did: "create undo", says: []string{"connection reset"}},
		{name: "never answered, made", harbor: harbor{answer: cut, lost: true}, did: "create"},
		{name: "never answered, made, seen late", harbor: harbor{answer: cut, lost: true, late: 2}, did: "create"},
		{name: "asked twice, made at first, seen late", harbor: harbor{answer: &smithy.GenericAPIError{Code: "ResourceInUseException", Fault: smithy.FaultClient}, lost: true, late: 2}, did: "create"},
		{name: "asked twice, made at first, seen late by its message", harbor: harbor{answer: &smithy.GenericAPIError{Code: "BadRequestException", Message: "The domain name you provided already exists.", Fault: smithy.FaultClient}, lost: true, late: 2}, did: "create"},
		{name: "never answered, another's", harbor: harbor{answer: cut, lost: true, tags: none}, did: "create", says: []string{"exists already"}},
		{name: "never answered, made without a mark", harbor: harbor{answer: &Unmarked{cut}, lost: true, tags: none}, did: "create"},
		{name: "never answered, another's is in the way", harbor: harbor{answer: &Unmarked{cut}, lost: true, tags: other}, did: "create", says: []string{"exists already"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &Provider{Stack: types.StringValue("here"), Region: types.StringValue("eu-north-1")}
			ctx := context.WithValue(t.Context(), operationKey{}, &operation{provider: p, scope: Scope{Region: "eu-north-1"}})
			var wrote []string
			if c.noted != nil {
				ctx = context.WithValue(ctx, notesKey{}, &notes{earlier: c.noted, write: func(text []byte) error {
					wrote = append(wrote, string(text))
					return nil
				}})
			}
			r := vesselType.instances(nil)()
			m := &vessel{Tagged: Tagged{types.MapNull(types.StringType), types.MapNull(types.StringType)}, Name: types.StringValue("a"), Kind: types.StringValue("sail"), Color: types.StringValue("red")}
			if c.taken {
				r.claim(ctx, m)
			}
			h := &c.harbor
			h.tags = maps.Clone(h.tags)
			err := r.make(ctx, h, m)
			want := 0
			if c.over { // what was noted is taken back
				want = 1
			}
			if len(wrote) != want || strings.Join(wrote, "") != "" {
				t.Errorf("it noted %q of what was there", wrote)
			}
			if got := strings.Join(h.did, " "); got != c.did {
				t.Errorf("it did %q, want %q", got, c.did)
			}
			if c.says == nil && (err != nil || h.kind != "sail" || h.color != "red" || m.ID.ValueString() != "a") {
				t.Errorf("got %v and %+v, want the vessel as planned", err, h)
			}
			for _, part := range c.says {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want an error that says %q", err, part)
				}
			}
		})
	}
}

// TestUnderway: what a killed run had begun to make, and AWS shows a moment after the
// next run began, is taken over where AWS would make a second one of the name.
func TestUnderway(t *testing.T) {
	t.Parallel()
	nameless := vesselType
	nameless.Import = []string{"id"}
	for _, c := range []struct {
		name  string
		of    Type[*harbor, vessel]
		noted *trace
		looks int // that do not see it yet
		did   string
	}{
		{"comes late", nameless, &trace{Mark: "run"}, 2, ""},
		{"never comes", nameless, &trace{Mark: "run"}, 9, "create"},
		{"nothing was begun", nameless, nil, 1, "create"},
		{"of a name that AWS gives once", vesselType, &trace{Mark: "run"}, 1, "create"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &Provider{Stack: types.StringValue("here"), Region: types.StringValue("eu-north-1")}
				ctx := context.WithValue(t.Context(), operationKey{}, &operation{provider: p, scope: Scope{Region: "eu-north-1"}})
				ctx = context.WithValue(ctx, notesKey{}, &notes{earlier: c.noted, write: func([]byte) error { return nil }})
				looks, find := 0, c.of.Find
				c.of.Find = func(ctx context.Context, h *harbor, m *vessel) (bool, map[string]string, error) {
					if looks++; looks <= c.looks {
						return false, nil, nil
					}
					m.ID = m.Name
					return find(ctx, h, m)
				}
				h := &harbor{kind: "sail", color: "red", tags: map[string]string{MarkerKey: "run"}}
				m := &vessel{Tagged: Tagged{types.MapNull(types.StringType), types.MapNull(types.StringType)}, Name: types.StringValue("a"), Kind: types.StringValue("sail"), Color: types.StringValue("red")}
				if err := c.of.instances(nil)().make(ctx, h, m); err != nil || m.ID.ValueString() != "a" {
					t.Errorf("got %v and the id %s, want the vessel", err, m.ID)
				}
				if got := strings.Join(h.did, " "); got != c.did {
					t.Errorf("it did %q, want %q", got, c.did)
				}
			})
		})
	}
}

// TestNotes: what is created is noted before it is made and before its mark comes off;
// nothing is made that cannot be noted.
func TestNotes(t *testing.T) {
	t.Parallel()
	p := &Provider{Stack: types.StringValue("here"), Region: types.StringValue("eu-north-1")}
	operated := context.WithValue(t.Context(), operationKey{}, &operation{provider: p, scope: Scope{Region: "eu-north-1"}})
	one := func() *vessel {
		return &vessel{Tagged: Tagged{types.MapNull(types.StringType), types.MapNull(types.StringType)}, Name: types.StringValue("a"), Kind: types.StringValue("sail"), Color: types.StringValue("red")}
	}
	h, r, m := &harbor{}, vesselType.instances(nil)(), one()
	ctx := context.WithValue(operated, notesKey{}, &notes{write: func(text []byte) error {
		h.did = append(h.did, string(text))
		return nil
	}})
	if err := errors.Join(r.make(ctx, h, m), r.finish(ctx, h, m)); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(h.did, " "), `{"mark":"here"} create {"mark":"here","id":"a"} tag`; got != want {
		t.Errorf("it did %s, want %s", got, want)
	}
	// What is refused and undone leaves nothing; of what cannot be seen nobody knows.
	h = &harbor{answer: &smithy.GenericAPIError{Code: "ValidationException", Fault: smithy.FaultClient}}
	p.claims.Clear()
	ctx = context.WithValue(operated, notesKey{}, &notes{write: func(text []byte) error {
		h.did = append(h.did, string(text))
		return nil
	}})
	if err := r.make(ctx, h, one()); err == nil {
		t.Error("what was refused was made")
	}
	if got, want := strings.Join(h.did, " "), `{"mark":"here"} create undo `; got != want {
		t.Errorf("it did %q, want %q", got, want)
	}
	p.claims.Clear()
	full := errors.New("no space left")
	ctx = context.WithValue(operated, notesKey{}, &notes{write: func([]byte) error { return full }})
	p.claims.Clear()
	h = &harbor{}
	if err := r.make(ctx, h, one()); !errors.Is(err, full) || len(h.did) > 0 {
		t.Errorf("got %v and %v, want the error of the journal alone", err, h.did)
	}
}
