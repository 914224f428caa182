async function answer(request: Request, context: { params: Promise<{ rest: string[] }> }) {
  return Response.json({ method: request.method, url: request.url, headers: Object.fromEntries(request.headers), rest: (await context.params).rest });
}
export { answer as GET, answer as POST, answer as PUT, answer as DELETE, answer as PATCH };
