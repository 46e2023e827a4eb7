package table

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// validate checks what DynamoDB demands of attributes together.
func validate(_ context.Context, v *tf.Check, m *model) {
	checkKeys(v, m)
	checkCapacity(v, m)
	for _, name := range slices.Sorted(maps.Keys(m.LocalIndexes)) {
		at := path.Root("local_indexes").AtMapKey(name)
		if m.SortKey == nil && v.Known("sort_key") {
			v.Error(at, "A local index without a sort key", "A table with local indexes needs a sort_key. Add one, or make "+name+" a global index.")
		}
		if _, both := m.GlobalIndexes[name]; both {
			v.Error(at, "Two indexes of one name", "There is a global index "+name+" too. Rename one of them.")
		}
		checkProjection(v, at, m.LocalIndexes[name].Projection)
	}
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		checkProjection(v, path.Root("global_indexes").AtMapKey(name), m.GlobalIndexes[name].Projection)
	}
	if e := m.Encryption; e != nil && v.Known("encryption") && e.AWSManaged.ValueBool() == (e.KMSKeyARN.ValueString() != "") {
		v.Error(path.Root("encryption"), "Which key?", "Give kms_key_arn, or aws_managed = true, and not both. Without the attribute encryption AWS's own key is used.")
	}
}

// checkKeys demands one type for each attribute, wherever it is a key.
func checkKeys(v *tf.Check, m *model) {
	kinds := map[string]string{}
	check := func(at path.Path, k *keyModel) {
		if k == nil || k.Name.IsUnknown() || k.Type.IsUnknown() {
			return
		}
		name, kind := k.Name.ValueString(), k.Type.ValueString()
		if was, ok := kinds[name]; ok && was != kind {
			v.Error(at.AtName("type"), "Two types for one attribute",
				fmt.Sprintf("The attribute %q is a key of type %s elsewhere in the table and of type %s here. Items hold one value, so give both the same type.", name, was, kind))
		}
		kinds[name] = kind
	}
	distinct := func(at path.Path, a, b *keyModel) {
		if a != nil && b != nil && !a.Name.IsUnknown() && a.Name.Equal(b.Name) {
			v.Error(at.AtName("name"), "One attribute as both keys", fmt.Sprintf("%q is the partition key already. Choose another attribute for the sort key.", a.Name.ValueString()))
		}
	}
	check(path.Root("partition_key"), m.PartitionKey)
	check(path.Root("sort_key"), m.SortKey)
	distinct(path.Root("sort_key"), m.PartitionKey, m.SortKey)
	for _, name := range slices.Sorted(maps.Keys(m.LocalIndexes)) {
		at := path.Root("local_indexes").AtMapKey(name).AtName("sort_key")
		check(at, m.LocalIndexes[name].SortKey)
		distinct(at, m.PartitionKey, m.LocalIndexes[name].SortKey)
	}
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		at, i := path.Root("global_indexes").AtMapKey(name), m.GlobalIndexes[name]
		check(at.AtName("partition_key"), i.PartitionKey)
		check(at.AtName("sort_key"), i.SortKey)
		distinct(at.AtName("sort_key"), i.PartitionKey, i.SortKey)
	}
}

func checkProjection(v *tf.Check, at path.Path, p *projectionModel) {
	if p == nil || p.Type.IsUnknown() || p.Attributes.IsUnknown() || !v.Known(rootOf(at)) {
		return
	}
	at = at.AtName("projection").AtName("attributes")
	switch include := p.Type.ValueString() == "INCLUDE"; {
	case include && len(p.Attributes.Elements()) == 0:
		v.Error(at, "Nothing to include", "A projection of type INCLUDE needs the names of attributes. Give some, or choose KEYS_ONLY.")
	case !include && !p.Attributes.IsNull():
		v.Error(at, "Attributes without INCLUDE", "Only a projection of type INCLUDE has attributes. Remove them, or set type = \"INCLUDE\".")
	}
}

// checkCapacity demands one kind of capacity for the table and its indexes.
func checkCapacity(v *tf.Check, m *model) {
	check := func(at path.Path, c *capacity) {
		switch {
		case c == nil:
		case c.OnDemand != nil && c.provisioned():
			v.Error(at, "Two kinds of capacity", "Give on_demand, or read and write, and not both.")
		case c.provisioned() && (c.Read == nil || c.Write == nil):
			v.Error(at, "Half a capacity", "Provisioned capacity needs both read and write.")
		}
	}
	if !v.Known("capacity") {
		return
	}
	check(path.Root("capacity"), m.Capacity)
	if !v.Known("global_indexes") {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		at, c := path.Root("global_indexes").AtMapKey(name).AtName("capacity"), m.GlobalIndexes[name].Capacity
		check(at, c)
		if c != nil && c.provisioned() != m.Capacity.provisioned() {
			v.Error(at, "Another kind of capacity than the table's", "An index is on demand or provisioned as its table is. Give both the same kind.")
		}
	}
}

func rootOf(p path.Path) string {
	root, _ := p.Steps()[0].(path.PathStepAttributeName)
	return string(root)
}
