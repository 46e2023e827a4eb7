"""Queues by boto3, whose older versions speak the query protocol. What it saw is printed as JSON."""
import json
import boto3

sqs = boto3.client("sqs")
seen = {"boto3": boto3.__version__}
url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "5"}, tags={"a": "b"})["QueueUrl"]
seen["url"] = url.split("/")[-2:]
number = {"n": {"DataType": "Number", "StringValue": "1"}, "b": {"DataType": "Binary", "BinaryValue": b"xyz"}}
sqs.send_message(QueueUrl=url, MessageBody="hé<llo", MessageAttributes=number)
batch = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "one"}, {"Id": "2", "MessageBody": "\x01"}])
seen["sent"] = [e["Id"] for e in batch["Successful"]]
seen["notSent"] = [[e["Id"], e["Code"], e["SenderFault"]] for e in batch["Failed"]]
got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
seen["bodies"] = [m["Body"] for m in got]
seen["attributes"] = {k: v.get("StringValue") or v["BinaryValue"].decode() for k, v in got[0]["MessageAttributes"].items()}
seen["count"] = got[0]["Attributes"]["ApproximateReceiveCount"]
entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(got)]
seen["deleted"] = [e["Id"] for e in sqs.delete_message_batch(QueueUrl=url, Entries=entries)["Successful"]]
all = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
seen["timeout"] = all["VisibilityTimeout"]
seen["left"] = all["ApproximateNumberOfMessages"]
seen["queues"] = [u.split("/")[-1] for u in sqs.list_queues()["QueueUrls"]]
seen["tags"] = sqs.list_queue_tags(QueueUrl=url)["Tags"]
try:
    sqs.receive_message(QueueUrl=url + "x")
except sqs.exceptions.QueueDoesNotExist as e:
    seen["noQueue"] = e.response["Error"]["Code"]
try:
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=11)
except sqs.exceptions.ClientError as e:
    seen["tooMany"] = e.response["Error"]["Code"]
print(json.dumps(seen))
