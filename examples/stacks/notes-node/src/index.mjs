import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

const db = new DynamoDBClient({});
const table = process.env.NOTES_TABLE_NAME;

export async function handler(event) {
  switch (event.routeKey) {
    case "POST /notes": {
      const body = Buffer.from(event.body ?? "{}", event.isBase64Encoded ? "base64" : "utf8");
      const { id, text = "" } = JSON.parse(body);
      if (!id) return answer(400, { message: 'send {"id": "…", "text": "…"}' });
      await db.send(new PutItemCommand({ TableName: table, Item: { id: { S: id }, text: { S: text } } }));
      return answer(201, { id, text });
    }
    case "GET /notes/{id}": {
      const { id } = event.pathParameters;
      const { Item } = await db.send(
        new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true }),
      );
      return Item ? answer(200, { id, text: Item.text.S }) : answer(404, { message: `no note ${id}` });
    }
  }
  return answer(404, { message: `no route ${event.routeKey}` });
}

function answer(statusCode, body) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
