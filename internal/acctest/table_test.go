package acctest

import "testing"

var tableSubject = Subject{
	Type: "serverless_table",
	Base: Arguments{
		"name":          `"orders"`,
		"partition_key": `{ name = "pk", type = "S" }`,
		"sort_key":      `{ name = "sk", type = "S" }`,
		"local_indexes": `{ by_day = { sort_key = { name = "day", type = "N" } } }`,
		"global_indexes": `{
			by_status = { partition_key = { name = "status", type = "S" }, projection = { type = "INCLUDE", attributes = ["total"] } }
		}`,
		"ttl":  `"expires_at"`,
		"tags": `{ team = "a" }`,
	},
	Import: []string{"{table_name}", "{arn}", "{table_name}@{region}"},
	Edits: []Edit{
		{Argument: "name", To: `"orders2"`, Replace: true},
		{Argument: "name", To: `"other"`, From: Arguments{"table_name": `"orders-on-aws"`}, Local: true, Writes: []string{}},
		{Argument: "table_name", To: `"orders2"`, Replace: true},
		{Argument: "region", To: `"eu-west-1"`, Replace: true},
		{Argument: "partition_key", To: `{ name = "id", type = "S" }`, Replace: true},
		{Argument: "partition_key", To: `{ name = "pk", type = "N" }`, Replace: true},
		{Argument: "sort_key", To: ``, From: Arguments{"local_indexes": ""}, Replace: true},
		{Argument: "sort_key", To: `{ name = "sk", type = "B" }`, Replace: true},
		{Argument: "local_indexes", To: ``, Replace: true},
		{Argument: "local_indexes", To: `{ by_day = { sort_key = { name = "day", type = "N" }, projection = { type = "KEYS_ONLY" } } }`, Replace: true},
		{Argument: "global_indexes", To: ``, Writes: []string{"UpdateTable"}},
		{
			Argument: "global_indexes",
			To: `{
				by_status = { partition_key = { name = "status", type = "S" }, projection = { type = "INCLUDE", attributes = ["total"] } }
				by_user   = { partition_key = { name = "user", type = "S" }, sort_key = { name = "day", type = "N" } }
			}`,
			Writes: []string{"UpdateTable"},
		},
		{
			Argument: "global_indexes", // the type of a key
			To:       `{ by_status = { partition_key = { name = "status", type = "N" }, projection = { type = "INCLUDE", attributes = ["total"] } } }`,
			Writes:   []string{"UpdateTable", "UpdateTable"},
		},
		{
			Argument: "global_indexes", // the projection
			To:       `{ by_status = { partition_key = { name = "status", type = "S" } } }`,
			Writes:   []string{"UpdateTable", "UpdateTable"},
		},
		{
			Argument: "global_indexes", // limits of an index
			To: `{ by_status = { partition_key = { name = "status", type = "S" }, projection = { type = "INCLUDE", attributes = ["total"] },
				capacity = { on_demand = { max_read = 7 } } } }`,
			Writes: []string{"UpdateTable"},
		},
		{
			Argument: "global_indexes", Same: true, // the same in other words
			To: `{ by_status = { projection = { attributes = ["total"], type = "INCLUDE" }, partition_key = { type = "S", name = "status" } } }`,
		},
		{Argument: "capacity", To: `{ on_demand = { max_read = 100, max_write = 50 } }`, Writes: []string{"UpdateTable"}},
		{Argument: "capacity", To: `{ on_demand = { max_write = 60 } }`, From: Arguments{"capacity": `{ on_demand = { max_read = 100, max_write = 50 } }`}, Writes: []string{"UpdateTable"}},
		{Argument: "capacity", To: `{ read = { units = 5 }, write = { units = 2 } }`, Writes: []string{"UpdateTable"}},
		{Argument: "capacity", To: `{ read = { units = 6 }, write = { units = 2 } }`, From: Arguments{"capacity": `{ read = { units = 5 }, write = { units = 2 } }`}, Writes: []string{"UpdateTable"}},
		{Argument: "stream", To: `"NEW_IMAGE"`, With: []string{"stream_arn"}, Writes: []string{"UpdateTable"}},
		{Argument: "stream", To: `"KEYS_ONLY"`, From: Arguments{"stream": `"NEW_AND_OLD_IMAGES"`}, With: []string{"stream_arn"}, Writes: []string{"UpdateTable", "UpdateTable"}},
		{Argument: "ttl", To: ``, Writes: []string{"UpdateTimeToLive"}},
		{Argument: "ttl", To: `"until"`, From: Arguments{"ttl": ""}, Writes: []string{"UpdateTimeToLive"}},
		{Argument: "point_in_time_recovery_days", To: `0`, Writes: []string{"UpdateContinuousBackups"}},
		{Argument: "point_in_time_recovery_days", To: `7`, Writes: []string{"UpdateContinuousBackups"}},
		{Argument: "encryption", To: `{ aws_managed = true }`, Writes: []string{"UpdateTable"}},
		{Argument: "encryption", To: `{ kms_key_arn = "arn:aws:kms:eu-north-1:000000000000:key/1b2c3d4e-0000-4000-8000-000000000000" }`, Writes: []string{"UpdateTable"}},
		{Argument: "class", To: `"STANDARD_INFREQUENT_ACCESS"`, Writes: []string{"UpdateTable"}},
		{Argument: "deletion_protection", To: `true`, Writes: []string{"UpdateTable"}},
		{Argument: "tags", To: `{ team = "b", cost = "1" }`, With: []string{"tags_all"}, Writes: []string{"TagResource"}},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagResource"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"global_indexes": `{
			by_user = { partition_key = { name = "user", type = "S" } }
			by_team = { partition_key = { name = "team", type = "S" } }
		}`,
		"capacity":                    `{ on_demand = { max_read = 100 } }`,
		"stream":                      `"KEYS_ONLY"`,
		"ttl":                         ``,
		"point_in_time_recovery_days": `7`,
		"class":                       `"STANDARD_INFREQUENT_ACCESS"`,
		"tags":                        `{ cost = "1" }`,
	},
	Invalid: []Invalid{
		{"table_name", `"a b"`, []string{"table_name", "3 to 255 characters"}},
		{"name", `"x"`, []string{"name", "3 to 255 characters"}},
		{"partition_key", `{ name = "pk", type = "X" }`, []string{"partition_key.type", `"S"`, `"N"`, `"B"`}},
		{"partition_key", `{ name = "", type = "S" }`, []string{"partition_key.name", "between 1 and 255"}},
		{"sort_key", `{ name = "pk", type = "S" }`, []string{"partition key already", "another attribute"}},
		{"sort_key", `{ name = "status", type = "N" }`, []string{`"status"`, "type N", "type S", "the same type"}},
		{"sort_key", ``, []string{"by_day", "sort_key", "global index"}},
		{"local_indexes", `{}`, []string{"local_indexes", "at least 1"}},
		{"local_indexes", `{ by_status = { sort_key = { name = "day", type = "N" } } }`, []string{"by_status", "Rename"}},
		{"global_indexes", `{ by_status = { partition_key = { name = "status", type = "S" }, projection = { type = "INCLUDE" } } }`, []string{"INCLUDE", "KEYS_ONLY"}},
		{"global_indexes", `{ by_status = { partition_key = { name = "status", type = "S" }, projection = { type = "ALL", attributes = ["a"] } } }`, []string{"INCLUDE", "Remove"}},
		{"global_indexes", `{ "a!" = { partition_key = { name = "status", type = "S" } } }`, []string{"global_indexes", "3 to 255 characters"}},
		{"global_indexes", `{ by_status = { partition_key = { name = "status", type = "S" }, capacity = { read = { units = 1 }, write = { units = 1 } } } }`, []string{"same kind"}},
		{"capacity", `{ on_demand = {}, read = { units = 1 }, write = { units = 1 } }`, []string{"not both"}},
		{"capacity", `{ read = { units = 1 } }`, []string{"read and write"}},
		{"capacity", `{ read = { units = 0 }, write = { units = 1 } }`, []string{"capacity.read.units", "at least 1"}},
		{"capacity", `{ read = { min = 1, max = 5 }, write = { units = 1 } }`, []string{"units"}},
		{"capacity", `{ on_demand = { max_read = 0 } }`, []string{"capacity.on_demand.max_read", "at least 1"}},
		{"stream", `"EVERYTHING"`, []string{"stream", "KEYS_ONLY", "NEW_AND_OLD_IMAGES"}},
		{"ttl", `""`, []string{"ttl", "between 1 and 255"}},
		{"point_in_time_recovery_days", `36`, []string{"point_in_time_recovery_days", "between 0 and 35"}},
		{"encryption", `{}`, []string{"kms_key_arn", "aws_managed"}},
		{"encryption", `{ aws_managed = true, kms_key_arn = "arn:aws:kms:eu-north-1:000000000000:key/x" }`, []string{"not both"}},
		{"encryption", `{ kms_key_arn = "alias/mine" }`, []string{"encryption.kms_key_arn", "arn:aws:kms"}},
		{"class", `"COLD"`, []string{"class", "STANDARD_INFREQUENT_ACCESS"}},
		{"tags", `{ "aws:x" = "1" }`, []string{"aws:", "another key"}},
		{"timeouts", `{ create = "soon" }`, []string{"timeouts.create", "1h30m"}},
	},
	Transient: []Transient{
		{Operation: "CreateTable", Code: "LimitExceededException", Message: "Too many operations in progress concurrently, such as create, delete, or update tables.", Times: 2},
		{Operation: "UpdateTable", Code: "ResourceInUseException", Message: "Attempt to change a resource which is still in use: Table is being updated: orders", Times: 2},
		{Operation: "DeleteTable", Code: "ResourceInUseException", Message: "Attempt to change a resource which is still in use: Table is being updated: orders", Times: 2},
		{Operation: "UpdateContinuousBackups", Code: "ContinuousBackupsUnavailableException", Message: "Backups are being enabled for the table: orders. Please retry later", Times: 2},
	},
	Missing: map[string]string{"DescribeTable": "ResourceNotFoundException"},
}

func TestTable(t *testing.T) { Prove(t, tableSubject) }
