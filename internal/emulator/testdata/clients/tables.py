"""A scenario of tables, by boto3's resources and clients."""
import json
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key

seen = {}
low = boto3.client("dynamodb")
low.create_table(
    TableName="notes", BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "kind")],
    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    GlobalSecondaryIndexes=[{"IndexName": "byKind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
)
low.get_waiter("table_exists").wait(TableName="notes")
notes = boto3.resource("dynamodb", endpoint_url=low.meta.endpoint_url).Table("notes")
with notes.batch_writer() as batch:
    for n in (1, 2, 3):
        batch.put_item(Item={"pk": "a", "sk": str(n), "kind": "odd" if n % 2 else "even", "n": n, "tags": {"x", "y"}, "deep": {"list": [True, None, Decimal("1.5")]}})

item = notes.get_item(Key={"pk": "a", "sk": "1"})["Item"]
seen["deep"] = {"list": [float(v) if isinstance(v, Decimal) else v for v in item["deep"]["list"]]}
seen["tags"] = sorted(item["tags"])
query = notes.query(KeyConditionExpression=Key("pk").eq("a"), FilterExpression=Attr("n").gt(1))
seen["found"] = [query["Count"], query["ScannedCount"]]
seen["odd"] = notes.query(IndexName="byKind", KeyConditionExpression=Key("kind").eq("odd"))["Count"]
updated = notes.update_item(Key={"pk": "a", "sk": "1"}, UpdateExpression="SET n = n + :one", ExpressionAttributeValues={":one": 1}, ReturnValues="UPDATED_NEW")
seen["updated"] = int(updated["Attributes"]["n"])
try:
    notes.put_item(Item={"pk": "a", "sk": "1"}, ConditionExpression="attribute_not_exists(pk)")
except low.exceptions.ConditionalCheckFailedException as e:
    seen["refused"] = e.response["Error"]["Code"]
try:
    low.transact_write_items(TransactItems=[
        {"Put": {"TableName": "notes", "Item": {"pk": {"S": "b"}, "sk": {"S": "1"}}}},
        {"ConditionCheck": {"TableName": "notes", "Key": {"pk": {"S": "a"}, "sk": {"S": "9"}}, "ConditionExpression": "attribute_exists(pk)"}},
    ])
except low.exceptions.TransactionCanceledException as e:
    seen["cancelled"] = [r["Code"] for r in e.response["CancellationReasons"]]
partiql = low.execute_statement(Statement='SELECT n FROM "notes" WHERE pk = ? AND sk = ?', Parameters=[{"S": "a"}, {"S": "3"}])
seen["partiql"] = [{"n": int(i["n"]["N"])} for i in partiql["Items"]]
pages = low.get_paginator("scan").paginate(TableName="notes", PaginationConfig={"PageSize": 2})
seen["pages"] = sum(1 for p in pages if p["Items"])
print(json.dumps(seen))
