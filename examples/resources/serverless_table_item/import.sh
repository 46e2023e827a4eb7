# By the table's name and the item's key in DynamoDB's JSON.
terraform import serverless_table_item.theme 'settings/{"name":{"S":"theme"}}'
