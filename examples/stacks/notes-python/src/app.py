import base64
import json
import os

import boto3

db = boto3.client("dynamodb")
table = os.environ["NOTES_TABLE_NAME"]


def handler(event, context):
    match event["routeKey"]:
        case "POST /notes":
            body = event.get("body") or "{}"
            if event["isBase64Encoded"]:
                body = base64.b64decode(body)
            note = json.loads(body)
            if not note.get("id"):
                return answer(400, {"message": 'send {"id": "…", "text": "…"}'})
            text = note.get("text", "")
            db.put_item(TableName=table, Item={"id": {"S": note["id"]}, "text": {"S": text}})
            return answer(201, {"id": note["id"], "text": text})
        case "GET /notes/{id}":
            id = event["pathParameters"]["id"]
            item = db.get_item(TableName=table, Key={"id": {"S": id}}, ConsistentRead=True).get("Item")
            if not item:
                return answer(404, {"message": f"no note {id}"})
            return answer(200, {"id": id, "text": item["text"]["S"]})
    return answer(404, {"message": f"no route {event['routeKey']}"})


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
