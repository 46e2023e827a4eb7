export const handler = async (event) => `${process.env.GREETING}, ${event.queryStringParameters?.name ?? 'world'}`
