package parts

import (
	"slices"
	"strings"
	"testing"
)

func TestGrant(t *testing.T) {
	const orders, notes = "arn:aws:dynamodb" + here + "table/orders", "arn:aws:dynamodb" + here + "table/notes"
	s, err := Grant([]string{orders, notes}, []string{"stream"})
	if err != nil || len(s) != 1 || strings.Join(s[0].Resource, " ") != notes+"/stream/* "+orders+"/stream/*" {
		t.Errorf("got %v, %v", s, err)
	}
	if _, err := Grant([]string{orders, things["Queue"]}, []string{"read"}); err == nil || !strings.Contains(err.Error(), "for a queue") {
		t.Errorf("a word that one of the things does not know: got %v", err)
	}
}

// TestGranted demands that every word of every kind of thing is read back from what it
// allows, alone and with all others.
func TestGranted(t *testing.T) {
	for _, kind := range targets {
		arn := "arn:aws:" + kind.service + here + kind.resource + "x"
		if kind.service == "s3" {
			arn = things["Bucket"]
		}
		var all []string
		for word := range kind.words {
			all = append(all, word)
			check(t, []string{arn}, []string{word})
		}
		if kind.name != "state machine" { // of which await has all of stop
			check(t, []string{arn}, all)
		}
		if kind.resource != "" {
			check(t, []string{arn, arn + "2"}, all[:1])
		}
	}
	check(t, []string{things["StateMachine"] + ":live"}, []string{"start", "stop"})
	check(t, []string{things["StateMachine"] + ":live"}, []string{"read"})
	check(t, []string{things["Function"] + ":live"}, []string{"invoke"})
	if to, access := Granted([]Statement{Allow([]string{"ec2:DescribeVpcs"}, []string{"*"})}); to != nil || access != nil {
		t.Errorf("got %v, %v of what no word says", to, access)
	}
}

func check(t *testing.T, to, access []string) {
	t.Helper()
	slices.Sort(access)
	s, err := Grant(to, access)
	if err != nil {
		t.Fatal(err)
	}
	if gotTo, gotAccess := Granted(s); !slices.Equal(gotTo, to) || !slices.Equal(gotAccess, access) {
		t.Errorf("got %v to %v, want %v to %v", gotAccess, gotTo, access, to)
	}
}
