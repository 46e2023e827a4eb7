// Counts the visits of each guest in the table that it is linked to.
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'

const db = new DynamoDBClient()

export const handler = async (event) => {
  const { Attributes } = await db.send(new UpdateItemCommand({
    TableName: process.env.VISITS_TABLE_NAME,
    Key: { guest: { S: event.pathParameters.guest } },
    UpdateExpression: 'ADD visits :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
    ReturnValues: 'UPDATED_NEW',
  }))
  return { guest: event.pathParameters.guest, visits: Number(Attributes.visits.N) }
}
