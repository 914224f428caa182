const piece = new TextEncoder().encode(`<p>${'x'.repeat(5113)}</p>`);

/** 30 KB of HTML in six chunks, one in each turn of the event loop. */
export function GET() {
  let left = 6;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left < 6) await new Promise((resolve) => setImmediate(resolve));
      controller.enqueue(piece);
      if (--left === 0) controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/html; charset=utf-8' } });
}
