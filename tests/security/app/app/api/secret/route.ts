export const GET = () => new Response('the-secret-of-the-handler');
export const POST = GET;
