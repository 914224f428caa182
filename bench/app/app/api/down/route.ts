const piece = new Uint8Array(65536).fill(121);

/** 100 MiB as fast as they are taken. */
export function GET() {
  let left = 1600;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(piece);
      else controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'application/octet-stream' } });
}
