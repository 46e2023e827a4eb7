package dynamodb_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A note is an item of the model: its key, a group that may be missing, and a number.
type note struct {
	pk, sk, group string
	n             int
}

func (n note) key() string { return n.pk + "/" + n.sk }

func (n note) item() item {
	i := item{"pk": str(n.pk), "sk": str(n.sk), "n": num(strconv.Itoa(n.n))}
	if n.group != "" {
		i["group"] = str(n.group)
	}
	return i
}

func noteOf(i item) note {
	text := func(name string) string {
		if s, ok := i[name].(*types.AttributeValueMemberS); ok {
			return s.Value
		}
		return ""
	}
	n := note{pk: text("pk"), sk: text("sk"), group: text("group")}
	if v, ok := i["n"].(*types.AttributeValueMemberN); ok {
		n.n, _ = strconv.Atoi(v.Value)
	}
	return n
}

// A model is a table as a map, which is what the service must be like, whatever is
// done to it and however often it is opened anew.
type model struct {
	f     *fixture
	path  string
	notes map[string]note
}

// newModel makes the table "notes", with an index by group and number and a local
// one by number.
func newModel(t *testing.T, path string) *model {
	m := &model{path: path, notes: map[string]note{}, f: start(t, path)}
	attribute := func(name string, typ types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: typ}
	}
	element := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	must[*sdk.CreateTableOutput](t)(m.f.CreateTable(m.f.ctx, &sdk.CreateTableInput{
		TableName: aws.String("notes"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{attribute("pk", "S"), attribute("sk", "S"), attribute("group", "S"), attribute("n", "N")},
		KeySchema:            []types.KeySchemaElement{element("pk", "HASH"), element("sk", "RANGE")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("byGroup"), KeySchema: []types.KeySchemaElement{element("group", "HASH"), element("n", "RANGE")}, Projection: &types.Projection{ProjectionType: "ALL"},
		}},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: aws.String("byNumber"), KeySchema: []types.KeySchemaElement{element("pk", "HASH"), element("n", "RANGE")}, Projection: &types.Projection{ProjectionType: "KEYS_ONLY"},
		}},
	}))
	return m
}

var (
	anyKey   = rapid.SampledFrom([]string{"a", "b", "ab", "å"})
	anyGroup = rapid.SampledFrom([]string{"", "x", "y"})
	anyNote  = rapid.Custom(func(t *rapid.T) note {
		return note{anyKey.Draw(t, "pk"), anyKey.Draw(t, "sk"), anyGroup.Draw(t, "group"), rapid.IntRange(-3, 3).Draw(t, "n")}
	})
)

// fresh is a condition that holds where there is no item yet.
var fresh = aws.String("attribute_not_exists(pk)")

func (m *model) put(t *rapid.T) {
	n := anyNote.Draw(t, "note")
	in := &sdk.PutItemInput{TableName: aws.String("notes"), Item: n.item()}
	_, was := m.notes[n.key()]
	if rapid.Bool().Draw(t, "fresh") {
		in.ConditionExpression = fresh
	}
	_, err := m.f.PutItem(m.f.ctx, in)
	if refuse := in.ConditionExpression != nil && was; refuse != (err != nil) {
		t.Fatalf("put %+v: got %v", n, err)
	}
	if err == nil {
		m.notes[n.key()] = n
	}
}

func (m *model) delete(t *rapid.T) {
	n := anyNote.Draw(t, "note")
	out, err := m.f.DeleteItem(m.f.ctx, &sdk.DeleteItemInput{TableName: aws.String("notes"), Key: key(n.pk, n.sk), ReturnValues: types.ReturnValueAllOld})
	if err != nil {
		t.Fatal(err)
	}
	if was, ok := m.notes[n.key()]; ok != (out.Attributes != nil) || ok && was != noteOf(out.Attributes) {
		t.Fatalf("delete %s: got %v, want %+v", n.key(), out.Attributes, was)
	}
	delete(m.notes, n.key())
}

func (m *model) update(t *rapid.T) {
	n := anyNote.Draw(t, "note")
	out, err := m.f.UpdateItem(m.f.ctx, &sdk.UpdateItemInput{
		TableName: aws.String("notes"), Key: key(n.pk, n.sk), ReturnValues: types.ReturnValueAllNew,
		UpdateExpression:          aws.String("SET n = if_not_exists(n, :zero) + :by REMOVE #g"),
		ExpressionAttributeNames:  map[string]string{"#g": "group"},
		ExpressionAttributeValues: item{":zero": num("0"), ":by": num(strconv.Itoa(n.n))},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := note{n.pk, n.sk, "", m.notes[n.key()].n + n.n}
	m.notes[n.key()] = want
	if got := noteOf(out.Attributes); got != want {
		t.Fatalf("update: got %+v, want %+v", got, want)
	}
}

// transact puts some notes, all or none.
func (m *model) transact(t *rapid.T) {
	list := rapid.SliceOfNDistinct(anyNote, 1, 4, note.key).Draw(t, "notes")
	var items []types.TransactWriteItem
	refused := false
	for i, n := range list {
		put := &types.Put{TableName: aws.String("notes"), Item: n.item()}
		if rapid.Bool().Draw(t, fmt.Sprint("fresh", i)) {
			put.ConditionExpression = fresh
			_, was := m.notes[n.key()]
			refused = refused || was
		}
		items = append(items, types.TransactWriteItem{Put: put})
	}
	_, err := m.f.TransactWriteItems(m.f.ctx, &sdk.TransactWriteItemsInput{TransactItems: items})
	if refused != (err != nil) {
		t.Fatalf("transact %+v: got %v", list, err)
	}
	for _, n := range list {
		if err == nil {
			m.notes[n.key()] = n
		}
	}
}

func (m *model) batch(t *rapid.T) {
	var requests []types.WriteRequest
	for _, n := range rapid.SliceOfNDistinct(anyNote, 1, 5, note.key).Draw(t, "notes") {
		if rapid.Bool().Draw(t, "delete") {
			requests = append(requests, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key(n.pk, n.sk)}})
			delete(m.notes, n.key())
		} else {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: n.item()}})
			m.notes[n.key()] = n
		}
	}
	if _, err := m.f.BatchWriteItem(m.f.ctx, &sdk.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"notes": requests}}); err != nil {
		t.Fatal(err)
	}
}

// query reads a partition, a page at a time, in either direction.
func (m *model) query(t *rapid.T) {
	pk, from := anyKey.Draw(t, "pk"), anyKey.Draw(t, "from")
	forward := rapid.Bool().Draw(t, "forward")
	in := &sdk.QueryInput{
		TableName: aws.String("notes"), KeyConditionExpression: aws.String("pk = :p AND sk >= :s"), ScanIndexForward: &forward,
		ExpressionAttributeValues: item{":p": str(pk), ":s": str(from)}, Limit: aws.Int32(int32(rapid.IntRange(1, 3).Draw(t, "limit"))),
	}
	var want []note
	for _, n := range m.notes {
		if n.pk == pk && n.sk >= from {
			want = append(want, n)
		}
	}
	m.compare(t, in, want, func(a, b note) int { return strings.Compare(a.sk, b.sk) }, forward)
}

// queryIndex reads a group by its numbers, which the index keeps in order.
func (m *model) queryIndex(t *rapid.T) {
	group := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "group")
	low, high := rapid.IntRange(-3, 0).Draw(t, "low"), rapid.IntRange(0, 3).Draw(t, "high")
	forward := rapid.Bool().Draw(t, "forward")
	in := &sdk.QueryInput{
		TableName: aws.String("notes"), IndexName: aws.String("byGroup"), ScanIndexForward: &forward,
		KeyConditionExpression: aws.String("#g = :g AND n BETWEEN :l AND :h"), ExpressionAttributeNames: map[string]string{"#g": "group"},
		ExpressionAttributeValues: item{":g": str(group), ":l": num(strconv.Itoa(low)), ":h": num(strconv.Itoa(high))},
		Limit:                     aws.Int32(int32(rapid.IntRange(1, 3).Draw(t, "limit"))),
	}
	var want []note
	for _, n := range m.notes {
		if n.group == group && n.n >= low && n.n <= high {
			want = append(want, n)
		}
	}
	m.compare(t, in, want, func(a, b note) int { return a.n - b.n }, forward)
}

// compare reads all pages of a query. Where the order says nothing, notes are put
// by their keys.
func (m *model) compare(t *rapid.T, in *sdk.QueryInput, want []note, order func(a, b note) int, forward bool) {
	var got []note
	for pages := 0; ; pages++ {
		out, err := m.f.Query(m.f.ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range out.Items {
			got = append(got, noteOf(i))
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			break
		}
		if pages > 100 {
			t.Fatal("the pages have no end")
		}
	}
	sorted := slices.IsSortedFunc(got, func(a, b note) int {
		if forward {
			return order(a, b)
		}
		return order(b, a)
	})
	byKey := func(a, b note) int { return strings.Compare(a.key(), b.key()) }
	slices.SortFunc(got, byKey)
	slices.SortFunc(want, byKey)
	if d := cmp.Diff(want, got, cmp.AllowUnexported(note{})); d != "" || !sorted {
		t.Fatalf("in order: %t\n%s", sorted, d)
	}
}

// check compares the whole table, and what the local index lists.
func (m *model) check(t *rapid.T) {
	found := map[string]note{}
	out, err := m.f.Scan(m.f.ctx, &sdk.ScanInput{TableName: aws.String("notes")})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range out.Items {
		n := noteOf(i)
		found[n.key()] = n
	}
	if !maps.Equal(found, m.notes) {
		t.Fatalf("got  %v\nwant %v", found, m.notes)
	}
	out, err = m.f.Scan(m.f.ctx, &sdk.ScanInput{TableName: aws.String("notes"), IndexName: aws.String("byNumber"), Select: types.SelectCount})
	if err != nil || int(out.Count) != len(m.notes) {
		t.Fatalf("the local index: got %v (%v), want %d", out, err, len(m.notes))
	}
}

// TestAgainstMap does everything that writes, transactions and batches included, in
// any order.
func TestAgainstMap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		runs++
		path := "" // most runs in memory: a file is synced at every commit
		if runs%8 == 0 {
			path = filepath.Join(dir, fmt.Sprint(runs))
		}
		m := newModel(t, path)
		defer func() { _ = m.f.env.Store.Close() }()
		r.Repeat(map[string]func(*rapid.T){
			"put": m.put, "delete": m.delete, "update": m.update, "transact": m.transact, "batch": m.batch,
			"query": m.query, "query the index": m.queryIndex,
			"open anew": func(r *rapid.T) {
				if path == "" {
					r.Skip("nothing is left of what is in memory")
				}
				if err := m.f.env.Store.Close(); err != nil {
					r.Fatal(err)
				}
				m.f = start(t, path)
			},
			"": m.check,
		})
	})
}
