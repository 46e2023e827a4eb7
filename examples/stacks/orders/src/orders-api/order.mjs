// orderOf is the item of an order that a customer sends, or undefined for what is none.
export function orderOf(body, customer, id, now) {
  let total;
  try {
    ({ total } = JSON.parse(body));
  } catch {
    return undefined;
  }
  if (typeof total !== "number" || !(total > 0)) return undefined;
  return {
    pk: { S: customer },
    sk: { S: `order#${id}` },
    id: { S: id },
    status: { S: "NEW" },
    total: { N: String(total) },
    created_at: { N: String(now) },
    expires_at: { N: String(Math.floor(now / 1000) + 10 * 365 * 24 * 3600) },
  };
}

// shown is what customers see of an order.
export const shown = ({ id, status, total }) => ({ id: id.S, status: status.S, total: Number(total.N) });
