package tf

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// This file has the rules for an object that is there before it is created. One that
// carries this configuration's mark is its own, cut off while it was made: it is
// taken over and brought to what is planned. So is one that, as the engine's journal
// says, an earlier run made for this very block, if it is all that is planned. Any
// other has another owner, and is an error that says in what it differs and how to
// import it. A create that fails is undone.

// Unmarked is the error of a Create whose call could not mark what it makes. Where
// there was no object before it, one without any mark is this call's, of which the
// answer was lost.
type Unmarked struct{ Err error }

func (u *Unmarked) Error() string { return u.Err.Error() }

// Unwrap returns the error itself.
func (u *Unmarked) Unwrap() error { return u.Err }

// Marked are the tags for the call that creates an object: all, and the mark.
func (t *Tagged) Marked(ctx context.Context) map[string]string {
	all := t.All()
	all[MarkerKey] = Marker(ctx)
	return all
}

// Ours reports whether the tags are those of an object whose creation by this
// configuration was cut off, or the object is known from the engine's journal.
func Ours(ctx context.Context, tags map[string]string) bool {
	return tags[MarkerKey] == Marker(ctx) || notesOf(ctx).sure()
}

// make creates the object, or takes over the one that is there.
func (r *instance[C, M]) make(ctx context.Context, c C, m *M) error {
	if r.Find == nil {
		return r.Type.Create(ctx, c, m)
	}
	found, tags, err := r.standing(ctx, c, m)
	if err == nil && found == nil && r.underway(ctx, m) {
		found, tags, err = r.awaited(ctx, c, m)
	}
	if err == nil && found != nil && !Ours(ctx, tags) {
		err = r.recognize(ctx, c, found, m)
	}
	switch {
	case err != nil:
		return err
	case found != nil && Ours(ctx, tags) && r.claim(ctx, found):
		return r.resume(ctx, c, found, m)
	case found != nil || !r.claim(ctx, m):
		err = r.conflict(ctx, c, m, found, tags)
		if found != nil && baseOf(found).ID.ValueString() != "" && !Recorded(ctx, baseOf(found).ID.ValueString()) {
			err = errors.Join(err, unnote(ctx)) // so that nothing is there of what was noted
		}
		return err
	}
	if err = note(ctx, ""); err != nil {
		return err
	}
	nameless := r.importID(ctx, m) == ""
	if err = r.Type.Create(ctx, c, m); err == nil {
		if !r.claim(ctx, m) && nameless { // now that it has an id, it is another block's
			err = r.conflict(ctx, c, m, nil, nil)
			baseOf(m).ID = types.StringNull()
			return errors.Join(err, unnote(ctx))
		}
		return nil
	}
	var again error
	if baseOf(m).ID.ValueString() == "" { // the call may have been carried out all the same
		after := ctx
		if ctx.Err() != nil {
			var cancel context.CancelFunc
			after, cancel = Afterwards(ctx)
			defer cancel()
		}
		var found *M
		var tags map[string]string
		switch found, tags, again = r.left(after, c, m, err); {
		case found == nil:
			err = errors.Join(err, again)
		case Ours(ctx, tags) || Is[*Unmarked](err) && tags[MarkerKey] == "":
			return r.resume(after, c, found, m)
		default: // somebody else was a moment faster, and may use what was made for it
			return errors.Join(r.conflict(after, c, m, found, tags), unnote(after))
		}
	}
	unseen := again != nil // whether something stands, nobody knows
	return Undo(ctx, err, func(ctx context.Context) error {
		if r.Undo != nil {
			if err := r.Undo(ctx, c, m); err != nil {
				return err
			}
		}
		if unseen || baseOf(m).ID.ValueString() != "" {
			return nil
		}
		return unnote(ctx)
	})
}

// recognize finds out whether the object that is there is the one that an earlier run
// made for this block, as the engine's journal says: by its id, or, where AWS has no
// place for a mark, because there was nothing when that run began to create it. It must
// be all that is planned.
func (r *instance[C, M]) recognize(ctx context.Context, c C, found, m *M) error {
	e := earlier(ctx)
	if e == nil || e.ID == "" && r.Tag != nil {
		return nil
	}
	is := *found
	if e.ID != "" {
		if id := baseOf(found).ID.ValueString(); id != "" && id != e.ID {
			return nil
		}
		baseOf(&is).ID = types.StringValue(e.ID) // what the configuration leaves out is not looked at
	}
	if err := r.Type.Read(ctx, c, &is); err != nil {
		if r.Gone(err) {
			return nil
		}
		return err
	}
	if e.ID != "" && !Recorded(ctx, baseOf(&is).ID.ValueString()) {
		return nil
	}
	notesOf(ctx).known = len(r.differences(ctx, &is, m)) == 0
	return nil
}

// standing returns a model of the object that is there, with what Read needs, and its
// tags; nil for none.
func (r *instance[C, M]) standing(ctx context.Context, c C, m *M) (*M, map[string]string, error) {
	found := *m
	baseOf(&found).ID = types.StringNull() // so that all is read
	there, tags, err := r.Find(ctx, c, &found)
	if r.Gone(err) {
		there, err = false, nil
	}
	if err != nil || !there {
		return nil, nil, err
	}
	return &found, tags, nil
}

// underway reports whether what an earlier run had begun to make may still be on its
// way, and AWS would make a second one beside it: its name is not all that tells it.
func (r *instance[C, M]) underway(ctx context.Context, m *M) bool {
	return earlier(ctx) != nil && r.Tag != nil && r.importID(ctx, m) == ""
}

// left is standing after a create that failed. What it may have made in spite of that
// is looked for repeatedly.
func (r *instance[C, M]) left(ctx context.Context, c C, m *M, failed error) (found *M, tags map[string]string, err error) {
	if Refused(failed) && !taken(failed) {
		return r.standing(ctx, c, m)
	}
	return r.awaited(ctx, c, m)
}

// awaited is standing for a while, because what was made may come late, and reads may
// lag behind it.
func (r *instance[C, M]) awaited(ctx context.Context, c C, m *M) (found *M, tags map[string]string, err error) {
	err = Look(ctx, func(ctx context.Context) (bool, error) {
		var err error
		found, tags, err = r.standing(ctx, c, m)
		return found != nil, err
	})
	return found, tags, err
}

// resume brings an unfinished object to what is planned.
func (r *instance[C, M]) resume(ctx context.Context, c C, found, m *M) error {
	if err := r.Type.Read(ctx, c, found); err != nil {
		return err
	}
	baseOf(m).ID = baseOf(found).ID
	for _, name := range r.differences(ctx, found, m) {
		if slices.Contains(r.Replace, name) {
			return &Problem{
				"The " + r.kindName() + " " + r.importID(ctx, m) + " was left unfinished with another " + name,
				"An earlier apply was cut off while it created it. Apply again: it is now marked to be replaced.",
			}
		}
	}
	return r.change(ctx, c, found, m)
}

// change is Update, with the tags.
func (r *instance[C, M]) change(ctx context.Context, c C, prior, m *M) error {
	if r.Type.Update != nil {
		if err := r.Type.Update(ctx, c, prior, m); err != nil {
			return err
		}
	}
	if r.Tag == nil {
		return nil
	}
	set, remove := any(m).(tagger).tagged().Changed(any(prior).(tagger).tagged())
	if len(set)+len(remove) == 0 {
		return nil
	}
	return r.Tag(ctx, c, m, set, remove)
}

// A tagger is a model that embeds [Tagged].
type tagger interface{ tagged() *Tagged }

// finish removes the mark of a new object, which the engine's journal knows by then.
func (r *instance[C, M]) finish(ctx context.Context, c C, m *M) error {
	if r.Finish != nil || r.Find != nil && r.Tag != nil {
		if err := note(ctx, baseOf(m).ID.ValueString()); err != nil {
			return err
		}
	}
	switch {
	case r.Finish != nil:
		return r.Finish(ctx, c, m)
	case r.Find != nil && r.Tag != nil:
		return r.Tag(ctx, c, m, nil, []string{MarkerKey})
	}
	return nil
}

// conflict is the error about an object that is somebody else's; a nil one is another
// block's of this configuration.
func (r *instance[C, M]) conflict(ctx context.Context, c C, m, found *M, tags map[string]string) error {
	detail, how := Origin(tags), " Remove it, "
	if r.Physical != "" {
		how = " Choose another name, delete that one, "
	}
	if found == nil {
		found = m
	} else if r.Type.Read(ctx, c, found) == nil { // else what it is like stays unsaid
		if names := r.differences(ctx, found, m); len(names) > 0 {
			detail += " It differs from this one in " + strings.Join(names, ", ") + "."
		} else {
			detail += " It is as this one should be."
		}
	}
	id := r.importID(ctx, found)
	return &Problem{"The " + r.kindName() + " " + id + " exists already in " + ScopeOf(ctx).Region, detail + how + TakeOver(r.Name, ImportID(ctx, id))}
}

// differences are the attributes whose values are planned and not there.
func (r *instance[C, M]) differences(ctx context.Context, found, m *M) []string {
	is, ds := r.encode(ctx, found)
	want, more := r.encode(ctx, m)
	if ds.HasError() || more.HasError() {
		return nil
	}
	all := fields(is)
	var names []string
	for name, v := range fields(want) {
		a := r.schema.Attributes[name]
		if a.IsWriteOnly() || !a.IsOptional() && !a.IsRequired() || name == "name" && r.Physical != "" || name == "region" || name == "timeouts" {
			continue
		}
		if v.IsNull() && a.IsComputed() {
			continue // it is left to AWS: in a model, an unknown collection is null
		}
		if !shows(v, all[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// claim takes the object of a model for this one in this run; true as long as AWS is
// yet to choose its id.
func (r *instance[C, M]) claim(ctx context.Context, m *M) bool {
	id := r.importID(ctx, m)
	return id == "" || Claim(ctx, r.Name+" "+ScopeOf(ctx).Region+" "+id)
}

// importID is the import id of a model, without the region; empty as long as part of
// it is not known.
func (r *instance[C, M]) importID(ctx context.Context, m *M) string {
	raw, _ := r.encode(ctx, m)
	all, parts := fields(raw), make([]string, len(r.Import))
	for i, name := range r.Import {
		if parts[i], _ = stringOf(all[name]); parts[i] == "" {
			return ""
		}
	}
	return strings.Join(parts, "/")
}

// kindName is what people call such an object, such as "event source".
func (r *instance[C, M]) kindName() string { return strings.ReplaceAll(r.Name, "_", " ") }
