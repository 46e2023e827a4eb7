# By the table's name: all items that the table has are taken over.
terraform import serverless_table_items.nordic countries
