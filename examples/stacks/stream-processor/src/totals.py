def update(change):
    """The update that counts a reading. The records of a sensor come in their order
    (as long as the event source has no parallelization_factor, which keeps only those
    of one item so), and so the last one tells which are counted already."""
    reading = change["NewImage"]
    return {
        "Key": {"sensor": reading["sensor"]},
        "UpdateExpression": "SET #last = :seq ADD readings :one, #sum :value",
        "ConditionExpression": "attribute_not_exists(#last) OR #last < :seq",
        "ExpressionAttributeNames": {"#last": "last", "#sum": "sum"},
        "ExpressionAttributeValues": {
            ":seq": {"N": change["SequenceNumber"]},
            ":one": {"N": "1"},
            ":value": {"N": reading["value"]["N"]},
        },
    }
