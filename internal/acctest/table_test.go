package acctest

import (
	"strings"
	"testing"
)

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
		{
			Argument: "capacity", To: `{ read = { min = 5, max = 50 }, write = { units = 2 } }`, // begins to scale
			From:   Arguments{"capacity": `{ read = { units = 5 }, write = { units = 2 } }`},
			Writes: []string{"RegisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget", "PutScalingPolicy"}, // the index too
		},
		{
			Argument: "capacity", To: `{ read = { units = 5 }, write = { units = 2 } }`, // ends to scale, where it is
			From:   Arguments{"capacity": `{ read = { min = 5, max = 50 }, write = { units = 2 } }`},
			Writes: []string{"DeregisterScalableTarget", "DeregisterScalableTarget"},
		},
		{
			Argument: "capacity", To: ``,
			From:   Arguments{"capacity": `{ read = { min = 5, max = 50 }, write = { min = 1, max = 9 } }`},
			Writes: []string{"DeregisterScalableTarget", "DeregisterScalableTarget", "DeregisterScalableTarget", "DeregisterScalableTarget", "UpdateTable"},
		},
		{
			Argument: "global_indexes", // keys of several attributes
			To: `{ by_status = { partition_keys = [{ name = "tenant", type = "S" }, { name = "status", type = "S" }],
				sort_keys = [{ name = "day", type = "N" }, { name = "hour", type = "N" }], projection = { type = "KEYS_ONLY" } } }`,
			Writes: []string{"UpdateTable", "UpdateTable"},
		},
		{
			Argument: "vector_indexes", // one more
			From:     Arguments{"vector_indexes": `{ similar = { attribute = "v", dimensions = 2, distance = "COSINE" } }`},
			To: `{
				similar = { attribute = "v", dimensions = 2, distance = "COSINE" }
				of_kind = { attribute = "v", dimensions = 2, distance = "EUCLIDEAN", partition_key = { name = "kind", type = "S" }, filters = { brand = "S", price = "N" }, projection = { type = "KEYS_ONLY" } }
			}`,
			Writes: []string{"UpdateTable"},
		},
		{
			Argument: "vector_indexes", // another one of the name
			From:     Arguments{"vector_indexes": `{ similar = { attribute = "v", dimensions = 2, distance = "COSINE" } }`},
			To:       `{ similar = { attribute = "v", dimensions = 2, distance = "COSINE", filters = { brand = "S" } } }`,
			Writes:   []string{"UpdateTable", "UpdateTable"},
		},
		{Argument: "vector_indexes", To: ``, From: Arguments{"vector_indexes": `{ similar = { attribute = "v", dimensions = 2, distance = "COSINE" } }`}, Writes: []string{"UpdateTable"}},
		{Argument: "warm", To: `{ read = 13000, write = 4500 }`, From: Arguments{"warm": `{ read = 12500 }`}, Writes: []string{"UpdateTable"}, Grows: true},
		{Argument: "resource_policy", To: policyFor("111111111111"), From: Arguments{"resource_policy": policyFor("222222222222")}, Writes: []string{"PutResourcePolicy"}},
		{Argument: "resource_policy", To: "", From: Arguments{"resource_policy": policyFor("222222222222")}, Writes: []string{"DeleteResourcePolicy"}},
		{
			Argument: "resource_policy", Same: true, From: Arguments{"resource_policy": policyFor("222222222222")},
			To: `replace(` + policyFor("222222222222") + `, ",", " , ")`,
		},
		{
			Argument: "kinesis_stream", To: `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/b" }`,
			From:   Arguments{"kinesis_stream": `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/a" }`},
			Writes: []string{"DisableKinesisStreamingDestination", "EnableKinesisStreamingDestination"},
		},
		{
			Argument: "kinesis_stream", To: `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/a", precision = "MICROSECOND" }`,
			From:   Arguments{"kinesis_stream": `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/a" }`},
			Writes: []string{"UpdateKinesisStreamingDestination"},
		},
		{
			Argument: "kinesis_stream", To: ``, From: Arguments{"kinesis_stream": `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/a" }`},
			Writes: []string{"DisableKinesisStreamingDestination"},
		},
		{Argument: "contributor_insights", To: `"THROTTLED_KEYS"`, From: Arguments{"contributor_insights": `"ACCESSED_AND_THROTTLED_KEYS"`}, Writes: []string{"UpdateContributorInsights"}},
		{Argument: "contributor_insights", To: ``, From: Arguments{"contributor_insights": `"THROTTLED_KEYS"`}, Writes: []string{"UpdateContributorInsights"}},
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
		{"sort_key", `{ name = "pk", type = "S" }`, []string{"sort_key", "part of the key already", "another attribute"}},
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
		{"capacity", `{ read = { min = 1 }, write = { units = 1 } }`, []string{"capacity.read", "both min and max"}},
		{"capacity", `{ read = {}, write = { units = 1 } }`, []string{"capacity.read", "units for a fixed number", "min and max"}},
		{"capacity", `{ read = { units = 1, min = 1, max = 5 }, write = { units = 1 } }`, []string{"capacity.read", "units for a fixed number", "min and max"}},
		{"capacity", `{ read = { min = 6, max = 5 }, write = { units = 1 } }`, []string{"capacity.read.max", "Raise max or lower min"}},
		{"capacity", `{ read = { units = 1, target = 50 }, write = { units = 1 } }`, []string{"capacity.read.target", "Remove it"}},
		{"capacity", `{ read = { min = 1, max = 5, target = 95 }, write = { units = 1 } }`, []string{"capacity.read.target", "between 20 and 90"}},
		{"global_indexes", `{ by_status = {} }`, []string{"by_status", "partition_key", "partition_keys"}},
		{"global_indexes", `{ by_status = { partition_keys = [] } }`, []string{"partition_keys", "at least 1"}},
		{"global_indexes", `{ by_status = { partition_keys = [{ name = "a", type = "S" }, { name = "a", type = "S" }] } }`, []string{"by_status", "part of the key already"}},
		{"global_indexes", `{ by_status = { partition_key = { name = "a", type = "S" }, sort_key = { name = "b", type = "S" }, sort_keys = [{ name = "c", type = "S" }] } }`, []string{"sort_keys", "not both"}},
		{"global_indexes", `{ by_status = { partition_keys = [{ name = "pk", type = "N" }] } }`, []string{"partition_keys", "type S", "type N"}},
		{"vector_indexes", `{ similar = { attribute = "v", dimensions = 0, distance = "COSINE" } }`, []string{"dimensions", "between 1 and 4096"}},
		{"vector_indexes", `{ similar = { attribute = "v", dimensions = 2, distance = "FAR" } }`, []string{"distance", "COSINE", "EUCLIDEAN"}},
		{"vector_indexes", `{ by_status = { attribute = "v", dimensions = 2, distance = "COSINE" } }`, []string{"by_status", "Rename"}},
		{"vector_indexes", `{ similar = { attribute = "pk", dimensions = 2, distance = "COSINE" } }`, []string{"vector_indexes", `"pk"`, "another attribute"}},
		{"vector_indexes", `{ similar = { attribute = "v", dimensions = 2, distance = "COSINE", filters = { day = "S" } } }`, []string{`"day"`, "type S", "type N"}},
		{"vector_indexes", `{ similar = { attribute = "v", dimensions = 2, distance = "COSINE", filters = { brand = "M" } } }`, []string{"filters", `"S"`, `"N"`}},
		{
			"vector_indexes", `{ a_near = { attribute = "v", dimensions = 2, distance = "COSINE" }, b_near = { attribute = "v", dimensions = 3, distance = "COSINE" } }`,
			[]string{"b_near", "2 dimensions", "the same number"},
		},
		{"warm", `{ read = 0 }`, []string{"warm.read", "at least 1"}},
		{"resource_policy", `"{"`, []string{"resource_policy", "JSON document"}},
		{"kinesis_stream", `{ arn = "orders" }`, []string{"kinesis_stream.arn", "arn:aws:kinesis"}},
		{"kinesis_stream", `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/orders", precision = "SECOND" }`, []string{"precision", "MILLISECOND", "MICROSECOND"}},
		{"contributor_insights", `"ALL"`, []string{"contributor_insights", "ACCESSED_AND_THROTTLED_KEYS"}},
		{"replicas", `{ "eu-west-1" = {} }`, []string{"replicas", "NEW_AND_OLD_IMAGES"}},
		{"replicas", `{ ireland = {} }`, []string{"replicas", "eu-west-1"}},
		{"import", `{ bucket = "b", format = "XML" }`, []string{"import.format", "DYNAMODB_JSON"}},
		{"import", `{ bucket = "b", format = "CSV" }`, []string{"import", "local indexes", "global_indexes"}},
		{"import", `{ bucket = "b", format = "DYNAMODB_JSON", csv = { delimiter = ";" } }`, []string{"import.csv", "CSV"}},
		{"import", `{ bucket = "b", format = "CSV", bucket_owner = "me" }`, []string{"import.bucket_owner", "12 digits"}},
		{"restore", `{}`, []string{"restore", "backup_arn", "table"}},
		{"restore", `{ backup_arn = "latest" }`, []string{"restore.backup_arn", "arn:aws:dynamodb"}},
		{"restore", `{ table = "a", backup_arn = "arn:aws:dynamodb:eu-north-1:000000000000:table/orders/backup/0" }`, []string{"exactly one"}},
		{"restore", `{ table = "orders-old", time = "yesterday" }`, []string{"restore.time", "2026-01-02T15:04:05Z"}},
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

// policyFor lets an account read the table.
func policyFor(account string) string {
	return `jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "dynamodb:GetItem", Principal = { AWS = "` + account +
		`" }, Resource = "arn:aws:dynamodb:eu-north-1:000000000000:table/orders" }] })`
}

func TestTable(t *testing.T) { Prove(t, tableSubject) }

// scaledSubject is a table that has what lies beside a table: scaling, a policy, a
// Kinesis stream and insights.
var scaledSubject = Subject{
	Type: "serverless_table",
	Base: Arguments{
		"name":                 `"orders"`,
		"partition_key":        `{ name = "pk", type = "S" }`,
		"global_indexes":       `{ by_user = { partition_key = { name = "user", type = "S" } } }`,
		"capacity":             `{ read = { min = 5, max = 50 }, write = { units = 2 } }`,
		"resource_policy":      policyFor("222222222222"),
		"kinesis_stream":       `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/a" }`,
		"contributor_insights": `"THROTTLED_KEYS"`,
	},
	Import: []string{"{table_name}"},
	Edits: []Edit{
		{Argument: "capacity", To: `{ read = { min = 5, max = 60 }, write = { units = 2 } }`, Writes: []string{"RegisterScalableTarget", "RegisterScalableTarget"}},
		{Argument: "capacity", To: `{ read = { min = 5, max = 50, target = 50 }, write = { units = 2 } }`, Writes: []string{"PutScalingPolicy", "PutScalingPolicy"}},
		{Argument: "capacity", To: `{ read = { min = 5, max = 50 }, write = { units = 3 } }`, Writes: []string{"UpdateTable"}},
		{
			Argument: "global_indexes", To: `{ by_user = { partition_key = { name = "user", type = "S" }, capacity = { read = { units = 7 }, write = { units = 2 } } } }`,
			Writes: []string{"DeregisterScalableTarget", "UpdateTable"},
		},
		{Argument: "global_indexes", To: ``, Writes: []string{"DeregisterScalableTarget", "UpdateTable"}},
		{
			Argument: "global_indexes", To: `{ by_user = { partition_key = { name = "user", type = "S" }, contributor_insights = "THROTTLED_KEYS" } }`,
			From:   Arguments{"global_indexes": `{ by_user = { partition_key = { name = "user", type = "S" }, contributor_insights = "ACCESSED_AND_THROTTLED_KEYS" } }`},
			Writes: []string{"UpdateContributorInsights"},
		},
		{
			Argument: "global_indexes", To: `{ by_user = { partition_key = { name = "user", type = "N" } } }`,
			Writes: []string{"DeregisterScalableTarget", "UpdateTable", "UpdateTable", "RegisterScalableTarget", "PutScalingPolicy"},
		},
	},
	Together: Arguments{
		"global_indexes":       ``,
		"capacity":             `{ read = { min = 5, max = 50, target = 50 }, write = { min = 1, max = 9 } }`,
		"resource_policy":      ``,
		"kinesis_stream":       `{ arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/b" }`,
		"contributor_insights": ``,
	},
	Transient: []Transient{
		{Operation: "RegisterScalableTarget", Code: "ValidationException", Message: "DynamoDB table does not exist: table/orders", Times: 2},
		{Operation: "PutScalingPolicy", Code: "ObjectNotFoundException", Message: "No scalable target registered for service namespace: dynamodb, resource ID: table/orders, scalable dimension: dynamodb:table:ReadCapacityUnits", Times: 2},
		{Operation: "DeregisterScalableTarget", Code: "ConcurrentUpdateException", Message: "You already have a pending update to an Auto Scaling resource.", Times: 2},
	},
	Missing: map[string]string{"DescribeTable": "ResourceNotFoundException"},
}

func TestScaledTable(t *testing.T) { Prove(t, scaledSubject) }

// globalSubject is a table with copies in other regions.
var globalSubject = Subject{
	Type: "serverless_table",
	Base: Arguments{
		"name":          `"orders"`,
		"partition_key": `{ name = "pk", type = "S" }`,
		"stream":        `"NEW_AND_OLD_IMAGES"`,
		"replicas":      `{ "eu-west-1" = {} }`,
	},
	Import: []string{"{table_name}"},
	Edits: []Edit{
		{Argument: "replicas", To: ``, Writes: []string{"UpdateTable"}},
		{Argument: "replicas", To: `{ "eu-west-1" = {}, "us-east-1" = { point_in_time_recovery_days = 0 } }`, Writes: []string{"UpdateTable"}},
		{Argument: "replicas", To: `{ "eu-west-1" = { class = "STANDARD_INFREQUENT_ACCESS" } }`, Writes: []string{"UpdateTable"}},
		{Argument: "replicas", To: `{ "eu-west-1" = { point_in_time_recovery_days = 7 } }`, Writes: []string{"UpdateContinuousBackups"}},
		{Argument: "replicas", To: `{ "eu-west-1" = { deletion_protection = true } }`, Writes: []string{"UpdateTable"}},
		{Argument: "replicas", To: `{ "eu-west-1" = { propagate_tags = true } }`, From: Arguments{"tags": `{ team = "a" }`}, Writes: []string{"TagResource"}, Grows: true},
		{Argument: "replicas", To: `{ "eu-west-3" = {} }`, Writes: []string{"UpdateTable", "UpdateTable", "UpdateContinuousBackups"}},
		{Argument: "replicas", To: `{ "eu-west-1" = { max_read = 7 } }`, Writes: []string{"UpdateTable"}},
		{Argument: "replicas", To: `{ "eu-west-1" = { max_read = 9 } }`, From: Arguments{"capacity": `{ on_demand = { max_read = 9 } }`}, Writes: []string{}, Grows: true},
		{
			Argument: "replicas", To: `{ "eu-west-1" = { max_read = 7, global_indexes = { by_user = { max_read = 5 } } } }`, Writes: []string{"UpdateTable"},
			From: Arguments{"global_indexes": `{ by_user = { partition_key = { name = "user", type = "S" } } }`},
		},
		{Argument: "capacity", To: `{ on_demand = { max_read = 50 } }`, From: Arguments{"replicas": `{ "eu-west-1" = { max_read = 7 } }`}, Writes: []string{"UpdateTable"}},
		{Argument: "class", To: `"STANDARD_INFREQUENT_ACCESS"`, From: Arguments{"replicas": `{ "eu-west-1" = { class = "STANDARD" } }`}, Writes: []string{"UpdateTable", "UpdateTable"}},
	},
	Together: Arguments{"replicas": `{ "eu-west-3" = { point_in_time_recovery_days = 1 } }`},
	Invalid: []Invalid{
		{"replicas", `{ "eu-west-1" = { read_units = 7 } }`, []string{"read_units", "on demand", "max_read"}},
		{"replicas", `{ "eu-west-1" = { global_indexes = { ghost = { max_read = 7 } } } }`, []string{"no global index ghost"}},
		{"strong_consistency", `{}`, []string{"strong_consistency", "two replicas", "a witness"}},
		{"strong_consistency", `{ witness = "eu-west-1" }`, []string{"witness", "among the replicas"}},
	},
	Missing: map[string]string{"DescribeTable": "ResourceNotFoundException"},
}

func TestGlobalTable(t *testing.T) { Prove(t, globalSubject) }

// provisionedGlobalSubject is a table with provisioned capacity in other regions.
var provisionedGlobalSubject = Subject{
	Type: "serverless_table",
	Base: Arguments{
		"name":           `"orders"`,
		"partition_key":  `{ name = "pk", type = "S" }`,
		"stream":         `"NEW_AND_OLD_IMAGES"`,
		"capacity":       `{ read = { units = 5 }, write = { min = 2, max = 20 } }`,
		"global_indexes": `{ by_user = { partition_key = { name = "user", type = "S" } } }`,
		"replicas":       `{ "eu-west-1" = { read_units = 9, global_indexes = { by_user = { read_units = 3 } } } }`,
	},
	Import: []string{"{table_name}"},
	Edits: []Edit{
		{Argument: "replicas", To: `{ "eu-west-1" = { read_units = 8 } }`, Writes: []string{"UpdateTable"}},
		{Argument: "replicas", To: `{ "eu-west-1" = {} }`, Writes: []string{"UpdateTable"}},
		{Argument: "replicas", To: ``, Writes: []string{"UpdateTable"}},
	},
	Together: Arguments{"replicas": `{ "eu-west-1" = { read_units = 8 } }`},
	Missing:  map[string]string{"DescribeTable": "ResourceNotFoundException"},
}

func TestProvisionedGlobalTable(t *testing.T) { Prove(t, provisionedGlobalSubject) }

// strongSubject is a table with strong consistency between its regions.
var strongSubject = Subject{
	Type: "serverless_table",
	Base: Arguments{
		"name":               `"orders"`,
		"region":             `"us-west-2"`,
		"partition_key":      `{ name = "pk", type = "S" }`,
		"stream":             `"NEW_AND_OLD_IMAGES"`,
		"replicas":           `{ "us-east-1" = {} }`,
		"strong_consistency": `{ witness = "us-east-2" }`,
	},
	Import: []string{"{table_name}@{region}"},
	Edits: []Edit{
		{Argument: "replicas", To: `{ "us-east-1" = { point_in_time_recovery_days = 7 } }`, Writes: []string{"UpdateContinuousBackups"}},
		{Argument: "replicas", To: `{ "us-east-1" = { max_read = 7 } }`, Writes: []string{"UpdateTable"}},
	},
	Together: Arguments{"replicas": `{ "us-east-1" = { point_in_time_recovery_days = 7 } }`},
	Invalid: []Invalid{
		{"ttl", `"until"`, []string{"ttl", "strong_consistency"}},
		{"replicas", `{ "us-east-1" = {}, "eu-west-1" = {} }`, []string{"strong_consistency", "3 of both"}},
		{"strong_consistency", `{ witness = "nowhere" }`, []string{"witness", "name of a region"}},
	},
	Missing: map[string]string{"DescribeTable": "ResourceNotFoundException"},
}

func TestStrongTable(t *testing.T) { Prove(t, strongSubject) }

// TestStrongRegions demands that a table gains and loses strong consistency in one
// call each, and that other changes of its regions are refused by the plan.
func TestStrongRegions(t *testing.T) {
	t.Parallel()
	config := func(arguments string) string {
		return `
provider "serverless" {
  region = "us-west-2"
}
resource "serverless_table" "t" {
  name          = "orders"
  partition_key = { name = "pk", type = "S" }
  stream        = "NEW_AND_OLD_IMAGES"
  ` + arguments + `
}`
	}
	m := here(t)
	const three = "replicas = { \"us-east-1\" = {}, \"us-east-2\" = {} }\n  strong_consistency = {}"
	for _, arguments := range []string{"", three, "", three} {
		if _, err := m.Apply(t.Context(), config(arguments)); err != nil {
			t.Fatalf("%q: %v", arguments, err)
		}
		changes, err := m.Plan(t.Context(), config(arguments))
		if err != nil || changes[0].Action != "no-op" {
			t.Fatalf("%q: after the apply the plan is %v, %v, want nothing to do", arguments, changes, err)
		}
	}
	for _, arguments := range []string{
		"replicas = { \"us-east-1\" = {} }\n  strong_consistency = { witness = \"us-east-2\" }",
		"replicas = { \"us-east-1\" = {}, \"eu-west-1\" = {} }\n  strong_consistency = {}",
		"replicas = { \"us-east-1\" = {}, \"us-east-2\" = {} }",
	} {
		if _, err := m.Plan(t.Context(), config(arguments)); err == nil || !strings.Contains(err.Error(), "cannot be changed") {
			t.Errorf("%q: got %v", arguments, err)
		}
	}
	if err := m.Destroy(t.Context(), config(three)); err != nil {
		t.Fatal(err)
	}
}

// TestProtectedCopies demands that a protected table loses no copy when it, or the
// copy, is to be deleted.
func TestProtectedCopies(t *testing.T) {
	t.Parallel()
	config := func(arguments string) string {
		return `
provider "serverless" {
  region = "eu-north-1"
}
resource "serverless_table" "t" {
  name          = "orders"
  partition_key = { name = "pk", type = "S" }
  stream        = "NEW_AND_OLD_IMAGES"
  ` + arguments + `
}`
	}
	for name, arguments := range map[string]string{
		"the table": "deletion_protection = true\n  replicas = { \"eu-west-1\" = {} }",
		"the copy":  "replicas = { \"eu-west-1\" = { deletion_protection = true } }",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := here(t)
			if _, err := m.Apply(t.Context(), config(arguments)); err != nil {
				t.Fatal(err)
			}
			if err := m.Destroy(t.Context(), config(arguments)); err == nil || !strings.Contains(err.Error(), "deletion_protection = false") {
				t.Errorf("destroy: got %v", err)
			}
			changes, err := m.Plan(t.Context(), config(arguments))
			if err != nil || changes[0].Action != "no-op" {
				t.Errorf("after the refused destroy the plan is %v, %v, want nothing to do", changes, err)
			}
			if _, err := m.Apply(t.Context(), config("replicas = { \"eu-west-1\" = {} }")); err != nil {
				t.Fatal(err)
			}
			if err := m.Destroy(t.Context(), config("")); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// restoredSubject is a table that is made from another.
var restoredSubject = Subject{
	Type:   "serverless_table",
	Before: filledTable,
	Base: Arguments{
		"name":          `"restored"`,
		"partition_key": `{ name = "id", type = "S" }`,
		"sort_key":      `{ name = "n", type = "N" }`,
		"restore":       `{ table = serverless_table_items.i.table }`,
		"ttl":           `"until"`,
		"tags":          `{ team = "a" }`,
	},
	Import:     []string{"{table_name}"},
	Unimported: []string{"restore"},
	Edits: []Edit{
		{Argument: "restore", To: ``, Local: true, Writes: []string{}},
		{Argument: "restore", To: `{ table = serverless_table.t.arn }`, Replace: true},
	},
	Together: Arguments{"ttl": ``},
	Missing:  map[string]string{"DescribeTable": "ResourceNotFoundException"},
	Unmarked: true, // until DynamoDB lets it be marked
}

func TestRestoredTable(t *testing.T) { Prove(t, restoredSubject) }
