// Charges for an order; more than 100 is more than anybody has.
export const handler = async ({ id, price, quantity }) => {
  if (price * quantity > 100) {
    const refused = new Error(`${price * quantity} is too much`)
    refused.name = "CardRefused"
    throw refused
  }
  return { receipt: `receipt-${id}` }
}
