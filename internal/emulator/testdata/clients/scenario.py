"""What a program with boto3 does: one small scenario for each protocol."""
import json
import sys

import boto3
from botocore.exceptions import ClientError

seen = {"boto3": boto3.__version__}


def code(call, **kwargs):
    """The error code with which a call fails."""
    try:
        call(**kwargs)
    except ClientError as e:
        return e.response["Error"]["Code"]
    return None


# awsQuery
seen["identity"] = boto3.client("sts").get_caller_identity()["Arn"]
iam = boto3.client("iam")
trust = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
role = "clients-" + sys.argv[1]
iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
seen["trust"] = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == trust
iam.delete_role(RoleName=role)
seen["noRole"] = code(iam.get_role, RoleName=role)

# awsJson 1.0
table = "clients-" + sys.argv[1]
dynamodb = boto3.client("dynamodb")
dynamodb.create_table(
    TableName=table,
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    BillingMode="PAY_PER_REQUEST",
)
dynamodb.get_waiter("table_exists").wait(TableName=table)
query = dict(
    TableName=table,
    KeyConditionExpression="id = :id",
    ExpressionAttributeValues={":id": {"S": "å"}},
)
seen["empty"] = dynamodb.query(**query)["Count"]
dynamodb.put_item(TableName=table, Item={"id": {"S": "å"}, "n": {"N": "1.50"}, "b": {"B": b"\x00\xff"}})
seen["found"] = dynamodb.query(**query)["Count"]
item = boto3.resource("dynamodb").Table(table).get_item(Key={"id": "å"})["Item"]
seen["item"] = [str(item["n"]), item["b"].value.hex()]
dynamodb.delete_table(TableName=table)
seen["noTable"] = code(dynamodb.describe_table, TableName="none-of-" + table)

# awsJson 1.1
logs = boto3.client("logs")
group = "/clients/" + sys.argv[1]
logs.create_log_group(logGroupName=group)
seen["groups"] = [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]]
logs.delete_log_group(logGroupName=group)
seen["noGroup"] = code(logs.delete_log_group, logGroupName=group)

# restJson1
functions = boto3.client("lambda")
seen["functions"] = functions.list_functions()["Functions"]
seen["noFunction"] = code(functions.get_function, FunctionName="none")
apis = boto3.client("apigatewayv2")
api = apis.create_api(Name=table, ProtocolType="HTTP", Tags={"a key": "å/b"})
seen["api"] = apis.get_api(ApiId=api["ApiId"])["Tags"]
apis.delete_api(ApiId=api["ApiId"])
seen["noApi"] = code(apis.get_api, ApiId=api["ApiId"])

print(json.dumps(seen))
