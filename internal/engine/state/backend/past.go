package backend

import (
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Past is what the journal of an earlier run says.
type Past struct {
	Objects    []state.Entry  // what became of each object at last, in the order of the journal; nil objects are gone
	Unfinished []state.Intent // changes that were begun and never came to an end
}

// Past reads the journal at path, which does not go on from what is stored. One of
// another state is an error.
func (s *Store) Past(path string) (Past, error) {
	records, err := readJournal(path, s.codec)
	if err != nil {
		return Past{}, err
	}
	if len(records) == 0 || records[0].Header == nil {
		return Past{}, fmt.Errorf("%s is not the journal of a run", path)
	}
	if l := records[0].Header.Lineage; l != "" && s.base != nil && l != s.base.Lineage {
		return Past{}, fmt.Errorf("the journal %s is of another state, whose lineage is %s and not %s", path, l, s.base.Lineage)
	}
	type place struct {
		addr    addr.Instance
		deposed string
	}
	out, at := Past{Unfinished: recovered(state.New(), records).Unfinished}, map[place]int{}
	for _, r := range records {
		for _, e := range r.Commit {
			p := place{e.Addr, e.Deposed}
			if i, ok := at[p]; ok {
				out.Objects[i] = e
				continue
			}
			at[p] = len(out.Objects)
			out.Objects = append(out.Objects, e)
		}
	}
	return out, nil
}
