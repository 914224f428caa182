/** Reads the body as it comes, and says how long it was. */
export async function POST(request: Request) {
  let bytes = 0;
  const reader = request.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
  }
  return Response.json({ bytes });
}
