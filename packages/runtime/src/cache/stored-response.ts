/**
 * A response as bytes for the shared cache: u32 length of a JSON head, the head, the body.
 */

type Head = { status: number; statusText: string; url: string; headers: [name: string, value: string][] };

export async function encodeResponse(response: Response): Promise<Uint8Array> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers = Array.from(response.headers as unknown as Iterable<[string, string]>)
    // The body is kept as it was decoded, so these would describe another one.
    .filter(([name]) => name !== 'content-encoding' && name !== 'content-length' && name !== 'transfer-encoding' && name !== 'set-cookie');
  const head = Buffer.from(JSON.stringify({ status: response.status, statusText: response.statusText, url: response.url, headers } satisfies Head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, body]);
}

export function decodeResponse(bytes: Uint8Array): Response {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = buffer.readUInt32LE(0);
  const head = JSON.parse(buffer.toString('utf8', 4, 4 + length)) as Head;
  const body = head.status === 204 || head.status === 304 ? null : (buffer.subarray(4 + length) as Uint8Array as BodyInit);
  const response = new Response(body, { status: head.status, statusText: head.statusText, headers: head.headers });
  Object.defineProperty(response, 'url', { value: head.url });
  return response;
}
