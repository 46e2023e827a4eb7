// What a program with the AWS SDK for JavaScript v3 does: one small scenario for
// each protocol.
import { createRequire } from "node:module";

const require = createRequire(process.env.CLIENTS + "/");
const { DynamoDB } = require("@aws-sdk/client-dynamodb");
const { CloudWatchLogs } = require("@aws-sdk/client-cloudwatch-logs");
const { IAM } = require("@aws-sdk/client-iam");
const { Lambda } = require("@aws-sdk/client-lambda");
const { STS } = require("@aws-sdk/client-sts");

const name = "clients-" + process.argv[2];
const seen = {};

// The name of the error with which a call fails.
const code = (call) => call.then(() => null, (e) => e.name);

// awsQuery
seen.identity = (await new STS().getCallerIdentity({})).Arn;
const iam = new IAM();
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: trust });
seen.trust = decodeURIComponent((await iam.getRole({ RoleName: name })).Role.AssumeRolePolicyDocument) === trust;
await iam.deleteRole({ RoleName: name });
seen.noRole = await code(iam.getRole({ RoleName: name }));

// awsJson 1.0
const dynamodb = new DynamoDB();
await dynamodb.createTable({
  TableName: name,
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  BillingMode: "PAY_PER_REQUEST",
});
while ((await dynamodb.describeTable({ TableName: name })).Table.TableStatus !== "ACTIVE");
const query = {
  TableName: name,
  KeyConditionExpression: "id = :id",
  ExpressionAttributeValues: { ":id": { S: "å" } },
};
seen.empty = (await dynamodb.query(query)).Count;
await dynamodb.putItem({ TableName: name, Item: { id: { S: "å" }, n: { N: "1.50" }, b: { B: Uint8Array.of(0, 255) } } });
const { Count, Items } = await dynamodb.query(query);
seen.found = Count;
seen.item = [Items[0].n.N, Buffer.from(Items[0].b.B).toString("hex")];
await dynamodb.deleteTable({ TableName: name });
seen.noTable = await code(dynamodb.describeTable({ TableName: "none-of-" + name }));

// awsJson 1.1
const logs = new CloudWatchLogs();
const logGroupName = "/clients/" + process.argv[2];
await logs.createLogGroup({ logGroupName });
seen.groups = (await logs.describeLogGroups({ logGroupNamePrefix: logGroupName })).logGroups.map((g) => g.logGroupName);
await logs.deleteLogGroup({ logGroupName });
seen.noGroup = await code(logs.deleteLogGroup({ logGroupName }));

// restJson1
const functions = new Lambda();
seen.functions = (await functions.listFunctions({})).Functions;
seen.noFunction = await code(functions.getFunction({ FunctionName: "none" }));

console.log(JSON.stringify(seen));
