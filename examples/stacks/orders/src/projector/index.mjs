import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";

const db = new DynamoDBClient({});

// Keeps each customer's latest order beside the orders. A record may come twice, and
// an old one after a new one: neither changes what is there.
export async function handler(event) {
  for (const { dynamodb } of event.Records) {
    const order = dynamodb.NewImage;
    const seq = { N: dynamodb.SequenceNumber }; // the records of one order come in the order of these
    try {
      await db.send(
        new PutItemCommand({
          TableName: process.env.ORDERS_TABLE_NAME,
          Item: { pk: order.pk, sk: { S: "latest" }, order: order.id, state: order.status, at: order.created_at, seq },
          ConditionExpression: "attribute_not_exists(pk) OR #at < :at OR #order = :order AND seq < :seq",
          ExpressionAttributeNames: { "#at": "at", "#order": "order" },
          ExpressionAttributeValues: { ":at": order.created_at, ":order": order.id, ":seq": seq },
        }),
      );
    } catch (error) {
      if (error.name !== "ConditionalCheckFailedException") throw error;
    }
  }
}
