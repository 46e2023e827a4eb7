package table

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

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
	checkVectors(v, m)
	checkExtras(v, m)
	checkStrong(v, m)
	checkReads(v, m)
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
				fmt.Sprintf("The attribute %q is a key of type %s elsewhere in the table and of type %s in %s. Items hold one value, so give both the same type.", name, was, kind, at))
		}
		kinds[name] = kind
	}
	check(path.Root("partition_key"), m.PartitionKey)
	check(path.Root("sort_key"), m.SortKey)
	distinct(v, path.Root("sort_key"), m.key())
	for _, name := range slices.Sorted(maps.Keys(m.LocalIndexes)) {
		at := path.Root("local_indexes").AtMapKey(name).AtName("sort_key")
		check(at, m.LocalIndexes[name].SortKey)
		distinct(v, at, keySchema{one(m.PartitionKey), one(m.LocalIndexes[name].SortKey)})
	}
	for _, name := range slices.Sorted(maps.Keys(m.GlobalIndexes)) {
		at, i := path.Root("global_indexes").AtMapKey(name), m.GlobalIndexes[name]
		check(at.AtName("partition_key"), i.PartitionKey)
		check(at.AtName("sort_key"), i.SortKey)
		for n := range i.PartitionKeys {
			check(at.AtName("partition_keys").AtListIndex(n), &i.PartitionKeys[n])
		}
		for n := range i.SortKeys {
			check(at.AtName("sort_keys").AtListIndex(n), &i.SortKeys[n])
		}
		distinct(v, at, i.key())
		if !v.Known("global_indexes") {
			continue
		}
		if (i.PartitionKey == nil) == (i.PartitionKeys == nil) {
			v.Error(at, "Which partition key?", "The global index "+name+" needs exactly one of partition_key and partition_keys.")
		}
		if i.SortKey != nil && i.SortKeys != nil {
			v.Error(at.AtName("sort_keys"), "Two sort keys", "Give sort_key or sort_keys, and not both.")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.VectorIndexes)) {
		for _, k := range m.VectorIndexes[name].searched() {
			check(path.Root("vector_indexes").AtMapKey(name), &k)
		}
	}
}

// distinct demands that no attribute is twice in a key.
func distinct(v *tf.Check, at path.Path, k keySchema) {
	seen := map[string]bool{}
	for _, a := range slices.Concat(k.partition, k.sort) {
		if a.Name.IsUnknown() {
			continue
		}
		name := a.Name.ValueString()
		if seen[name] {
			v.Error(at, "One attribute twice in a key", fmt.Sprintf("In %s, %q is part of the key already. Choose another attribute for its other part.", at, name))
		}
		seen[name] = true
	}
}

// checkExtras demands what replicas, restores and scaling need of other attributes.
func checkExtras(v *tf.Check, m *model) {
	if m.Replicas != nil && v.Known("stream") && m.Stream.ValueString() != "NEW_AND_OLD_IMAGES" {
		v.Error(path.Root("replicas"), "Replicas without a stream", `DynamoDB makes replicas of what the table's stream tells. Set stream = "NEW_AND_OLD_IMAGES".`)
	}
	if m.Replicas != nil && v.Known("capacity") && m.Capacity.provisioned() && !m.Capacity.Write.scales() {
		v.Error(path.Root("replicas"), "Replicas with a fixed capacity", "The copies of a table need writes on demand or writes that scale. Remove capacity, or give capacity.write a min and a max.")
	}
	if r := m.Restore; r != nil && v.Known("restore") {
		if r.BackupARN.IsNull() == r.Table.IsNull() {
			v.Error(path.Root("restore"), "From what?", "A restore needs exactly one of backup_arn and table.")
		}
		if !r.Time.IsNull() && r.Table.IsNull() {
			v.Error(path.Root("restore").AtName("time"), "A time without a table", "A backup is of one moment only; time goes with table. Remove it.")
		}
	}
	if m.Import != nil && m.Restore != nil {
		v.Error(path.Root("import"), "Two sources", "A table is made from an import or from a restore. Remove import or restore.")
	}
	if m.Import != nil && len(m.LocalIndexes) > 0 {
		v.Error(path.Root("import"), "An import with local indexes", "DynamoDB makes no local indexes for an import. Make them global_indexes, or remove import.")
	}
	if m.Import != nil && m.Import.CSV != nil && !m.Import.Format.IsUnknown() && m.Import.Format.ValueString() != "CSV" {
		v.Error(path.Root("import").AtName("csv"), "CSV options for another format", `import.csv is for format = "CSV". Remove it, or change the format.`)
	}
	if len(m.ResourcePolicy.ValueString()) > 20<<10 {
		v.Error(path.Root("resource_policy"), "The policy is too long", fmt.Sprintf("It has %d bytes, and DynamoDB takes 20,480 at most. Shorten it.", len(m.ResourcePolicy.ValueString())))
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
		case c.provisioned():
			checkUnits(v, at.AtName("read"), c.Read)
			checkUnits(v, at.AtName("write"), c.Write)
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

// checkUnits demands a fixed number of units, or bounds for one that scales.
func checkUnits(v *tf.Check, at path.Path, u *units) {
	fixed, low, high := !u.Units.IsNull(), !u.Min.IsNull(), !u.Max.IsNull()
	switch {
	case fixed == (low || high):
		v.Error(at, "Which capacity?", at.String()+" needs units for a fixed number, or min and max for one that scales with the load.")
	case low != high:
		v.Error(at, "Half the bounds", at.String()+" scales, so it needs both min and max.")
	case low && u.Min.ValueInt64() > u.Max.ValueInt64():
		v.Error(at.AtName("max"), "Bounds the wrong way round", fmt.Sprintf("%s.max is %d, less than min, which is %d. Raise max or lower min.", at, u.Max.ValueInt64(), u.Min.ValueInt64()))
	case fixed && !u.Target.IsNull():
		v.Error(at.AtName("target"), "A target for a fixed capacity", at.String()+".target is for capacity that scales. Remove it, or give min and max instead of units.")
	}
}

// plan refuses what DynamoDB cannot undo, and replaces what is restored anew.
func plan(_ context.Context, p *tf.Plan[model]) error {
	if p.Prior == nil {
		return nil
	}
	if was, is := p.Prior.Warm, p.Config.Warm; was != nil && is != nil && p.Known("warm") {
		for name, pair := range map[string][2]basetypes.Int64{"read": {was.Read, is.Read}, "write": {was.Write, is.Write}} {
			if !pair[1].IsNull() && pair[1].ValueInt64() < pair[0].ValueInt64() {
				p.Error(path.Root("warm").AtName(name), "Warm throughput cannot be lowered",
					fmt.Sprintf("It is %d, and DynamoDB only lets it grow. Keep at least that, or remove warm.%s, which leaves it as it is.", pair[0].ValueInt64(), name))
			}
		}
	}
	planStrong(p)
	for name, source := range map[string]struct{ was, is bool }{
		"import":  {p.Prior.Import != nil, p.Config.Import != nil},
		"restore": {p.Prior.Restore != nil, p.Config.Restore != nil},
	} {
		switch {
		case !source.is || !p.Changed(name):
		case source.was:
			p.Replace(name)
		default:
			p.Warn(path.Root(name), "The table is there already", "What a table is made from counts when it is made. Nothing is read from "+name+"; to make the table anew, replace it.")
		}
	}
	return nil
}

func rootOf(p path.Path) string {
	root, _ := p.Steps()[0].(path.PathStepAttributeName)
	return string(root)
}
