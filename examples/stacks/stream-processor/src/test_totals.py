# python3 -m unittest; main.tf keeps it out of the package.
import unittest

from totals import update


class Update(unittest.TestCase):
    def test_counts_a_reading(self):
        change = {"SequenceNumber": "7", "NewImage": {"sensor": {"S": "roof"}, "at": {"N": "1"}, "value": {"N": "21.5"}}}
        values = update(change)["ExpressionAttributeValues"]
        self.assertEqual(values[":value"], {"N": "21.5"})
        self.assertEqual(values[":seq"], {"N": "7"})

    def test_refuses_what_is_no_number(self):
        with self.assertRaises(KeyError):
            update({"SequenceNumber": "7", "NewImage": {"sensor": {"S": "roof"}, "value": {"S": "warm"}}})
