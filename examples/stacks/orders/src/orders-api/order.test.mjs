// node --test; main.tf keeps it out of the package.
import assert from "node:assert/strict";
import test from "node:test";
import { orderOf, shown } from "./order.mjs";

test("an order is kept as it is shown", () => {
  const order = orderOf('{"total": 12.5}', "ann", "1", 1000);
  assert.equal(order.sk.S, "order#1");
  assert.deepEqual(shown(order), { id: "1", status: "NEW", total: 12.5 });
});

test("what is no order is none", () => {
  for (const body of [undefined, "", "{}", "null", '{"total": "12"}', '{"total": -1}']) {
    assert.equal(orderOf(body, "ann", "1", 1000), undefined);
  }
});
