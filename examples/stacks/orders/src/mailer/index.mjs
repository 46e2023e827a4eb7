// Writes a mail per order; who has a mail server sends it here. A message that
// cannot be read is given back alone, and ends in the queue for dead letters.
export async function handler(event) {
  const batchItemFailures = [];
  for (const { messageId, body } of event.Records) {
    try {
      const { pk, sk, charge } = JSON.parse(body);
      console.log(`to ${pk}: ${sk} is ${charge ? `paid, ${charge.receipt}` : "not paid"}`);
    } catch (error) {
      console.error(error);
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}
