// Package table has the data sources of DynamoDB: tables and what is in them. It
// must not know how the provider is configured.
package table

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

// Sources lists the family's data sources, alphabetically.
var Sources = []tf.SourceEntry[*table.Clients]{
	tf.Lookup(table.Table, "import", "restore"),
	TableItem,
	TableQuery,
	tf.Listing(table.Table, "tables", "table_names"),
}
