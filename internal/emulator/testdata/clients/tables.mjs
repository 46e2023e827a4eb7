// A scenario of tables, by the document client of the AWS SDK for JavaScript.
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.CLIENTS, "index.js"));
const { DynamoDBClient, CreateTableCommand, waitUntilTableExists } = require("@aws-sdk/client-dynamodb");
const lib = require("@aws-sdk/lib-dynamodb");

const low = new DynamoDBClient({});
const tables = lib.DynamoDBDocumentClient.from(low);
const TableName = "notes";
const seen = {};

await low.send(new CreateTableCommand({
  TableName, BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: ["pk", "sk", "kind"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
  KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
  GlobalSecondaryIndexes: [{ IndexName: "byKind", KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" } }],
}));
await waitUntilTableExists({ client: low, maxWaitTime: 60 }, { TableName });
await tables.send(new lib.BatchWriteCommand({ RequestItems: { [TableName]: [1, 2, 3].map((n) => ({
  PutRequest: { Item: { pk: "a", sk: String(n), kind: n % 2 ? "odd" : "even", n, tags: new Set(["x", "y"]), deep: { list: [true, null, 1.5] } } },
})) } }));

const got = await tables.send(new lib.GetCommand({ TableName, Key: { pk: "a", sk: "1" } }));
seen.deep = got.Item.deep;
seen.tags = [...got.Item.tags].sort();
const query = await tables.send(new lib.QueryCommand({
  TableName, KeyConditionExpression: "pk = :p", FilterExpression: "n > :n", ExpressionAttributeValues: { ":p": "a", ":n": 1 },
}));
seen.found = [query.Count, query.ScannedCount];
const index = await tables.send(new lib.QueryCommand({ TableName, IndexName: "byKind", KeyConditionExpression: "kind = :k", ExpressionAttributeValues: { ":k": "odd" } }));
seen.odd = index.Count;
const updated = await tables.send(new lib.UpdateCommand({
  TableName, Key: { pk: "a", sk: "1" }, UpdateExpression: "SET n = n + :one", ExpressionAttributeValues: { ":one": 1 }, ReturnValues: "UPDATED_NEW",
}));
seen.updated = updated.Attributes.n;
seen.refused = await tables.send(new lib.PutCommand({ TableName, Item: { pk: "a", sk: "1" }, ConditionExpression: "attribute_not_exists(pk)" }))
  .then(() => "no error", (e) => e.name);
seen.cancelled = await tables.send(new lib.TransactWriteCommand({ TransactItems: [
  { Put: { TableName, Item: { pk: "b", sk: "1" } } },
  { ConditionCheck: { TableName, Key: { pk: "a", sk: "9" }, ConditionExpression: "attribute_exists(pk)" } },
] })).then(() => "no error", (e) => e.CancellationReasons.map((r) => r.Code));
const partiql = await tables.send(new lib.ExecuteStatementCommand({ Statement: 'SELECT n FROM "notes" WHERE pk = ? AND sk = ?', Parameters: ["a", "3"] }));
seen.partiql = partiql.Items;
let pages = 0;
for await (const page of lib.paginateScan({ client: tables, pageSize: 2 }, { TableName })) pages += page.Items.length > 0;
seen.pages = pages;
console.log(JSON.stringify(seen));
