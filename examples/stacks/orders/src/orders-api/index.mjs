import { randomUUID } from "node:crypto";
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { orderOf, shown } from "./order.mjs";

const db = new DynamoDBClient({});
const states = new SFNClient({});
const TableName = process.env.ORDERS_TABLE_NAME;
const stateMachineArn = process.env.FULFIL_STATE_MACHINE_ARN;

export async function handler(event) {
  const customer = event.requestContext.authorizer?.jwt.claims.sub ?? "nobody"; // called by a test
  switch (event.routeKey) {
    case "POST /orders": {
      const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
      const order = orderOf(body, customer, randomUUID(), Date.now());
      if (!order) return answer(400, { message: 'send {"total": 12}' });
      await db.send(new PutItemCommand({ TableName, Item: order }));
      const name = order.id.S; // one execution per order, however often this is repeated
      const input = JSON.stringify({ pk: order.pk.S, sk: order.sk.S, total: Number(order.total.N) });
      await states.send(new StartExecutionCommand({ stateMachineArn, name, input }));
      return answer(201, shown(order));
    }
    case "GET /orders": {
      const { Items } = await db.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: "pk = :customer AND begins_with(sk, :order)",
          ExpressionAttributeValues: { ":customer": { S: customer }, ":order": { S: "order#" } },
        }),
      );
      return answer(200, { orders: Items.map(shown) });
    }
    case "GET /orders/{id}": {
      const { id } = event.pathParameters;
      const Key = { pk: { S: customer }, sk: { S: `order#${id}` } };
      const { Item } = await db.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      return Item ? answer(200, shown(Item)) : answer(404, { message: `no order ${id}` });
    }
  }
  return answer(404, { message: `no route ${event.routeKey}` });
}

function answer(statusCode, body) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
