import os

import boto3

from totals import update

db = boto3.client("dynamodb")
table = os.environ["TOTALS_TABLE_NAME"]


def handler(event, context):
    for record in event["Records"]:
        try:
            db.update_item(TableName=table, **update(record["dynamodb"]))
        except db.exceptions.ConditionalCheckFailedException:
            pass  # it came twice, and is counted
        except Exception as error:
            print(f"reading {record['dynamodb']['Keys']}: {error!r}")
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}
