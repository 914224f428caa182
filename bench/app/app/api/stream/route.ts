const piece = new TextEncoder().encode(`<p>${'x'.repeat(5113)}</p>`);

/** 30 KB of HTML in six chunks, one in each turn of the event loop. */
export function GET() {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      let left = 6;
      const step = () => {
        controller.enqueue(piece);
        if (--left === 0) controller.close();
        else setImmediate(step);
      };
      step();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/html; charset=utf-8' } });
}
