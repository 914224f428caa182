// What RFC 9113 and RFC 7541 ask of a server, frame by frame, in the manner of h2spec: a connection that breaks a rule ends with
// the error that the rule names, a stream that does so is reset, and what is allowed is answered. Each check names its section.
//
// `instead` is what the library below does where the RFC names another error: the offence is stopped all the same.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { folder, serve } from '../e2e/lib/application.mjs';
import { ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PRIORITY, PUSH, RESET, SETTINGS, WINDOW, ask, block, frame, framesIn, good, hello, literal, many, preface, request, settings, statusOf, text, u32 } from './lib/http2-frames.mjs';
import { parallel, talk } from './lib/raw.mjs';

const files = {
  'app/layout.tsx': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export default () => <p>open</p>;\n',
  'app/ok/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => new Response('fine');\n",
  'app/echo/route.ts': "export const POST = async (request: Request) => new Response(await request.arrayBuffer());\n",
  'app/large/route.ts': "export const dynamic = 'force-dynamic';\nexport const GET = () => new Response('x'.repeat(100_000));\n",
};

const ERRORS = ['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT', 'STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'];
const PRIORITY_FLAG = 0x20;
const post = (more = []) => [...request('/echo', 'POST'), ...more];
const without = (name) => request().filter(([known]) => known !== name);
const depends = (on) => Buffer.concat([u32(on), Buffer.from([15])]);

/** [section, what, bytes behind SETTINGS, { connection | stream: error, instead }]. */
const broken = [
  ['3.4', 'a preface that is wrong', null, { connection: 'PROTOCOL_ERROR', raw: Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'), good()]), instead: 'closed' }],
  ['4.2', 'DATA larger than SETTINGS_MAX_FRAME_SIZE', Buffer.concat([ask(1, post(), END_HEADERS), frame(DATA, END_STREAM, 1, Buffer.alloc(16_385))]), { connection: 'FRAME_SIZE_ERROR' }],
  ['4.2', 'HEADERS larger than SETTINGS_MAX_FRAME_SIZE', frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.alloc(16_385)), { connection: 'FRAME_SIZE_ERROR' }],
  ['4.3', 'a block of headers that is no HPACK', frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.from([0x80])), { connection: 'COMPRESSION_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['4.3', 'a block of headers that another frame interrupts', Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request())), frame(PRIORITY, 0, 1, depends(0))]), { connection: 'PROTOCOL_ERROR' }],
  ['4.3', 'a block of headers that another stream interrupts', Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request())), good(3)]), { connection: 'PROTOCOL_ERROR' }],
  ['5.1', 'DATA on an idle stream', frame(DATA, END_STREAM, 1, Buffer.from('x')), { connection: 'PROTOCOL_ERROR' }],
  ['5.1', 'RST_STREAM on an idle stream', frame(RESET, 0, 1, u32(8)), { connection: 'PROTOCOL_ERROR' }],
  ['5.1', 'WINDOW_UPDATE on an idle stream', frame(WINDOW, 0, 1, u32(10)), { connection: 'PROTOCOL_ERROR' }],
  ['5.1', 'CONTINUATION on an idle stream', frame(CONTINUATION, END_HEADERS, 1, block(request())), { connection: 'PROTOCOL_ERROR' }],
  ['5.1', 'DATA behind END_STREAM', Buffer.concat([good(), frame(DATA, END_STREAM, 1, Buffer.from('x'))]), { stream: 'STREAM_CLOSED', instead: 'PROTOCOL_ERROR' }],
  ['5.1', 'HEADERS behind END_STREAM', Buffer.concat([good(), good()]), { stream: 'STREAM_CLOSED', instead: 'PROTOCOL_ERROR' }],
  ['5.1', 'CONTINUATION behind END_HEADERS', Buffer.concat([ask(1, post(), END_HEADERS), frame(CONTINUATION, END_HEADERS, 1, block([['x', 'y']]))]), { connection: 'PROTOCOL_ERROR' }],
  ['5.1.1', 'a stream with an even number', good(2), { connection: 'PROTOCOL_ERROR' }],
  ['5.1.1', 'a stream with a lower number than before', Buffer.concat([good(5), good(3)]), { connection: 'PROTOCOL_ERROR' }],
  ['5.1.2', 'more streams than SETTINGS_MAX_CONCURRENT_STREAMS', many(260, (at) => ask(2 * at + 1, post(), END_HEADERS)), { stream: 'REFUSED_STREAM' }],
  ['5.3.1', 'HEADERS of a stream that depends on itself', frame(HEADERS, END_STREAM | END_HEADERS | PRIORITY_FLAG, 1, Buffer.concat([depends(1), block(request())])), { stream: 'PROTOCOL_ERROR' }],
  ['5.3.1', 'PRIORITY of a stream that depends on itself', Buffer.concat([ask(1, post(), END_HEADERS), frame(PRIORITY, 0, 1, depends(1)), frame(DATA, END_STREAM, 1)]), { stream: 'PROTOCOL_ERROR' }],
  ['6.1', 'DATA on stream 0', frame(DATA, END_STREAM, 0, Buffer.from('x')), { connection: 'PROTOCOL_ERROR' }],
  ['6.1', 'DATA with more padding than frame', Buffer.concat([ask(1, post(), END_HEADERS), frame(DATA, END_STREAM | PADDED, 1, Buffer.from([5, 1, 2]))]), { connection: 'PROTOCOL_ERROR' }],
  ['6.2', 'HEADERS on stream 0', good(0), { connection: 'PROTOCOL_ERROR' }],
  ['6.2', 'HEADERS with more padding than frame', frame(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, Buffer.concat([Buffer.from([200]), block(request())])), { connection: 'PROTOCOL_ERROR' }],
  ['6.3', 'PRIORITY on stream 0', frame(PRIORITY, 0, 0, depends(0)), { connection: 'PROTOCOL_ERROR' }],
  ['6.3', 'PRIORITY of 4 bytes', frame(PRIORITY, 0, 1, Buffer.alloc(4)), { stream: 'FRAME_SIZE_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['6.4', 'RST_STREAM on stream 0', frame(RESET, 0, 0, u32(8)), { connection: 'PROTOCOL_ERROR' }],
  ['6.4', 'RST_STREAM of 3 bytes', Buffer.concat([ask(1, post(), END_HEADERS), frame(RESET, 0, 1, Buffer.alloc(3))]), { connection: 'FRAME_SIZE_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['6.5', 'SETTINGS on a stream', frame(SETTINGS, 0, 1), { connection: 'PROTOCOL_ERROR' }],
  ['6.5', 'SETTINGS of 5 bytes', frame(SETTINGS, 0, 0, Buffer.alloc(5)), { connection: 'FRAME_SIZE_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['6.5', 'an acknowledgement with content', frame(SETTINGS, ACK, 0, settings([1, 1])), { connection: 'FRAME_SIZE_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['6.5.2', 'SETTINGS_ENABLE_PUSH of 2', frame(SETTINGS, 0, 0, settings([2, 2])), { connection: 'PROTOCOL_ERROR' }],
  ['6.5.2', 'SETTINGS_INITIAL_WINDOW_SIZE of 2^31', frame(SETTINGS, 0, 0, settings([4, 2 ** 31])), { connection: 'FLOW_CONTROL_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['6.5.2', 'SETTINGS_MAX_FRAME_SIZE below 2^14', frame(SETTINGS, 0, 0, settings([5, 16_383])), { connection: 'PROTOCOL_ERROR' }],
  ['6.5.2', 'SETTINGS_MAX_FRAME_SIZE of 2^24', frame(SETTINGS, 0, 0, settings([5, 2 ** 24])), { connection: 'PROTOCOL_ERROR' }],
  ['6.6', 'PUSH_PROMISE of a client', Buffer.concat([ask(1, post(), END_HEADERS), frame(PUSH, END_HEADERS, 1, Buffer.concat([u32(2), block(request())]))]), { connection: 'PROTOCOL_ERROR' }],
  ['6.7', 'PING on a stream', frame(PING, 0, 1, Buffer.alloc(8)), { connection: 'PROTOCOL_ERROR' }],
  ['6.7', 'PING of 7 bytes', frame(PING, 0, 0, Buffer.alloc(7)), { connection: 'FRAME_SIZE_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['6.8', 'GOAWAY on a stream', frame(GOAWAY, 0, 1, Buffer.alloc(8)), { connection: 'PROTOCOL_ERROR' }],
  ['6.9', 'WINDOW_UPDATE by 0 of the connection', frame(WINDOW, 0, 0, u32(0)), { connection: 'PROTOCOL_ERROR' }],
  ['6.9', 'WINDOW_UPDATE by 0 of a stream', Buffer.concat([ask(1, post(), END_HEADERS), frame(WINDOW, 0, 1, u32(0))]), { stream: 'PROTOCOL_ERROR' }],
  ['6.9', 'WINDOW_UPDATE of 3 bytes', frame(WINDOW, 0, 0, Buffer.alloc(3)), { connection: 'FRAME_SIZE_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['6.9.1', 'a window of the connection above 2^31-1', Buffer.concat([frame(WINDOW, 0, 0, u32(2 ** 31 - 1)), frame(WINDOW, 0, 0, u32(2 ** 31 - 1))]), { connection: 'FLOW_CONTROL_ERROR' }],
  ['6.9.1', 'a window of a stream above 2^31-1', Buffer.concat([ask(1, post(), END_HEADERS), frame(WINDOW, 0, 1, u32(2 ** 31 - 1)), frame(WINDOW, 0, 1, u32(2 ** 31 - 1))]), { stream: 'FLOW_CONTROL_ERROR' }],
  ['6.10', 'CONTINUATION on stream 0', Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request())), frame(CONTINUATION, END_HEADERS, 0, block([['x', 'y']]))]), { connection: 'PROTOCOL_ERROR' }],
  ['8.1', 'a second block of headers without END_STREAM', Buffer.concat([ask(1, post(), END_HEADERS), ask(1, [['x', 'y']], END_HEADERS)]), { stream: 'PROTOCOL_ERROR' }],
  ['8.1.1', 'more content than content-length', Buffer.concat([ask(1, post([['content-length', '1']]), END_HEADERS), frame(DATA, END_STREAM, 1, Buffer.from('hello'))]), { stream: 'PROTOCOL_ERROR' }],
  ['8.1.1', 'less content than content-length', Buffer.concat([ask(1, post([['content-length', '9']]), END_HEADERS), frame(DATA, END_STREAM, 1, Buffer.from('hello'))]), { stream: 'PROTOCOL_ERROR' }],
  ['8.1.1', 'no content beside a content-length', ask(1, post([['content-length', '9']])), { stream: 'PROTOCOL_ERROR' }],
  ['8.2.1', 'an upper-case name', ask(1, [...request(), ['X-Upper', 'y']]), { stream: 'PROTOCOL_ERROR' }],
  ['8.2.1', 'a value with a line end', ask(1, [...request(), ['x', 'a\r\nb: c']]), { stream: 'PROTOCOL_ERROR' }],
  ['8.2.2', 'connection', ask(1, [...request(), ['connection', 'close']]), { stream: 'PROTOCOL_ERROR' }],
  ['8.2.2', 'transfer-encoding', ask(1, post([['transfer-encoding', 'chunked']])), { stream: 'PROTOCOL_ERROR' }],
  ['8.2.2', 'te other than trailers', ask(1, [...request(), ['te', 'gzip']]), { stream: 'PROTOCOL_ERROR' }],
  ['8.3', 'an unknown pseudo-header', ask(1, [...request(), [':admin', '1']]), { stream: 'PROTOCOL_ERROR' }],
  ['8.3', 'a pseudo-header of answers', ask(1, [...request(), [':status', '200']]), { stream: 'PROTOCOL_ERROR' }],
  ['8.3', 'a pseudo-header behind others', ask(1, [...request().slice(0, 3), ['x', 'y'], request()[3]]), { stream: 'PROTOCOL_ERROR' }],
  ['8.3', 'a pseudo-header twice', ask(1, [[':method', 'GET'], ...request()]), { stream: 'PROTOCOL_ERROR' }],
  ['8.3.1', 'no :method', ask(1, without(':method')), { stream: 'PROTOCOL_ERROR' }],
  ['8.3.1', 'no :scheme', ask(1, without(':scheme')), { stream: 'PROTOCOL_ERROR' }],
  ['8.3.1', 'no :path', ask(1, without(':path')), { stream: 'PROTOCOL_ERROR' }],
  ['8.3.1', 'an empty :path', ask(1, request('')), { stream: 'PROTOCOL_ERROR' }],
  ['7541 2.3.3', 'an index that no table has', frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat([block(request()), Buffer.from([0xff, 0x80, 0x01])])), { connection: 'COMPRESSION_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['7541 4.2', 'a table larger than was offered', frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat([Buffer.from([0x3f, 0xe2, 0x1f]), block(request())])), { connection: 'COMPRESSION_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['7541 4.2', 'a change of the table behind a header', frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat([block(request()), Buffer.from([0x20])])), { connection: 'COMPRESSION_ERROR', instead: 'PROTOCOL_ERROR' }],
  ['7541 5.2', 'the end mark within Huffman code', frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat([block(request()), Buffer.from([0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61])])), { connection: 'COMPRESSION_ERROR', instead: 'PROTOCOL_ERROR' }],
];

const fine = (stream) => ({ stream, status: 200, body: 'fine' });
/** [section, what, bytes behind SETTINGS, what has to come]. */
const allowed = [
  ['3.4', 'SETTINGS are answered with SETTINGS and an acknowledgement', Buffer.alloc(0), { settings: true }],
  ['4.1', 'a frame of an unknown kind is passed over', Buffer.concat([frame(0xee, 0xff, 0, Buffer.alloc(8)), frame(0xee, 0, 1, Buffer.alloc(8)), good()]), fine(1)],
  ['4.1', 'flags that mean nothing are passed over', Buffer.concat([frame(PING, 0xfe, 0, Buffer.from('unflagged').subarray(0, 8)), good()]), fine(1)],
  ['4.1', 'the reserved bit is passed over', Buffer.concat([frame(PING, 0, 0x80000000, Buffer.from('reserved')), good()]), fine(1)],
  ['4.3', 'a head in several frames', Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request()).subarray(0, 10)), frame(CONTINUATION, 0, 1, block(request()).subarray(10, 20)), frame(CONTINUATION, END_HEADERS, 1, block(request()).subarray(20))]), fine(1)],
  ['5.3.2', 'priorities are taken and mean nothing', Buffer.concat([frame(PRIORITY, 0, 7, depends(0)), frame(HEADERS, END_STREAM | END_HEADERS | PRIORITY_FLAG, 1, Buffer.concat([depends(7), block(request())]))]), fine(1)],
  ['6.1', 'content with padding', Buffer.concat([ask(1, post(), END_HEADERS), frame(DATA, PADDED, 1, Buffer.from([3, 104, 105, 0, 0, 0])), frame(DATA, END_STREAM | PADDED, 1, Buffer.from([0, 33]))]), { stream: 1, status: 200, body: 'hi!' }],
  ['6.2', 'a head with padding', frame(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, Buffer.concat([Buffer.from([4]), block(request()), Buffer.alloc(4)])), fine(1)],
  ['6.5.2', 'a setting that nobody knows is passed over', Buffer.concat([frame(SETTINGS, 0, 0, settings([0xfff0, 1])), good()]), fine(1)],
  ['6.7', 'PING is answered with its content', frame(PING, 0, 0, Buffer.from('12345678')), { pong: '12345678' }],
  ['6.9.2', 'a window of 0 holds content back, not the head', Buffer.concat([frame(SETTINGS, 0, 0, settings([4, 0])), good()]), { stream: 1, status: 200, body: '' }],
  ['6.9.2', 'a window that grows lets it go', Buffer.concat([frame(SETTINGS, 0, 0, settings([4, 0])), good(), frame(SETTINGS, 0, 0, settings([4, 2])), frame(WINDOW, 0, 1, u32(2))]), fine(1)],
  ['6.9.2', 'no more is sent than the window takes', Buffer.concat([frame(SETTINGS, 0, 0, settings([4, 3])), good()]), { stream: 1, status: 200, body: 'fin' }],
  ['8.1', 'trailers', Buffer.concat([ask(1, post(), END_HEADERS), frame(DATA, 0, 1, Buffer.from('x')), ask(1, [['x-sum', 'y']])]), { stream: 1, status: 200, body: 'x' }],
  ['8.1', 'HEAD has no content', ask(1, request('/ok', 'HEAD')), { stream: 1, status: 200, body: '' }],
  ['8.2.3', 'cookies in several lines', ask(1, [...request(), ['cookie', 'a=1'], ['cookie', 'b=2']]), fine(1)],
  ['8.2.2', 'te: trailers', ask(1, [...request(), ['te', 'trailers']]), fine(1)],
  ['8.3.1', 'a host in the place of :authority', ask(1, [...without(':authority'), ['host', 'localhost']]), fine(1)],
  ['5.1', 'streams beside each other', Buffer.concat([good(1), good(3), good(5)]), fine(5)],
  ['5.1', 'a stream behind one that was reset', Buffer.concat([ask(1, post(), END_HEADERS), frame(RESET, 0, 1, u32(8)), good(3)]), fine(3)],
  ['5.4.2', 'a stream behind one that broke a rule', Buffer.concat([ask(1, [...request(), ['connection', 'close']]), good(3)]), fine(3)],
  ['7541 2.3.2', 'headers that the table keeps', Buffer.concat([frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat([block(request()), Buffer.from([0x40]), text('x-kept'), text('1')])), frame(HEADERS, END_STREAM | END_HEADERS, 3, Buffer.concat([block(request()), Buffer.from([0xbe])]))]), fine(3)],
  ['7541 4.2', 'a table of no size', frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat([Buffer.from([0x20]), block(request())])), fine(1)],
  ['7541 6.2.3', 'a header that is never to be kept', frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat([block(request()), Buffer.from([0x10]), text('authorization'), text('secret')])), fine(1)],
  ['6.8', 'GOAWAY of a client lets what it asked for end', Buffer.concat([good(), frame(GOAWAY, 0, 0, Buffer.alloc(8))]), fine(1)],
];

/** What a connection came to: the error it ended with, those of its streams, and whether it simply ended. */
function errors({ answer, closedByServer }) {
  const frames = framesIn(answer);
  const away = frames.findLast(({ type, payload }) => type === GOAWAY && payload.readUInt32BE(4) !== 0);
  const streams = frames.filter(({ type }) => type === RESET).map(({ payload }) => ERRORS[payload.readUInt32BE(0)]);
  return { connection: away ? ERRORS[away.payload.readUInt32BE(4)] : closedByServer ? 'closed' : undefined, streams };
}

describe('HTTP/2 as its RFC has it', () => {
  let app, server;
  before(async () => {
    app = folder(files);
    server = await serve(app.dir, { args: ['--workers', '1'] });
  });
  after(async () => {
    await server?.stop();
    app?.remove();
  });

  test(`SEC-17 ${broken.length} connections and streams that break a rule end with the error that the rule names`, async () => {
    const wrong = [];
    await parallel(broken, 12, async ([section, what, bytes, { connection, stream, raw, instead }]) => {
      const seen = await talk(server.port, raw ?? Buffer.concat([hello, bytes]));
      const found = errors(seen);
      if (seen.hung) wrong.push(`${section} ${what}: hung`);
      const wanted = instead ?? connection ?? stream;
      // A stream's error may be made the connection's (5.4.1), never the other way round.
      const got = connection ? [found.connection] : [...found.streams, found.connection];
      if (!got.includes(wanted)) wrong.push(`${section} ${what}: ${JSON.stringify(found)} instead of ${wanted}`);
      if (connection && !seen.closedByServer) wrong.push(`${section} ${what}: the connection stays open`);
    });
    assert.deepEqual(wrong, []);
  });

  test(`SEC-17 ${allowed.length} things that are allowed are answered`, async () => {
    const wrong = [];
    await parallel(allowed, 12, async ([section, what, bytes, { stream, status, body, pong, settings: wantsSettings }]) => {
      const { answer, hung } = await talk(server.port, Buffer.concat([hello, bytes]), { quiet: 500 });
      const frames = framesIn(answer);
      const seen = errors({ answer });
      if (hung || seen.connection) wrong.push(`${section} ${what}: ${seen.connection ?? 'hung'}`);
      if (wantsSettings && !(frames[0]?.type === SETTINGS && frames[0].flags === 0 && frames.some(({ type, flags }) => type === SETTINGS && flags === ACK))) wrong.push(`${section} ${what}: ${frames.map(({ type, flags }) => `${type}/${flags}`)}`);
      if (pong && !frames.some(({ type, flags, payload }) => type === PING && flags === ACK && String(payload) === pong)) wrong.push(`${section} ${what}: no answer`);
      if (stream === undefined) return;
      const head = frames.find((one) => one.type === HEADERS && one.stream === stream);
      const content = Buffer.concat(frames.filter((one) => one.type === DATA && one.stream === stream).map(({ payload }) => payload)).toString();
      if (!head || statusOf(head.payload) !== status || content !== body) wrong.push(`${section} ${what}: ${head && statusOf(head.payload)} ${JSON.stringify(content)} ${seen.streams}`);
    });
    assert.deepEqual(wrong, []);
  });

  test('SEC-17 afterwards others are served', async () => {
    assert.equal(server.child.exitCode, null);
    assert.doesNotMatch(server.log, /panicked/);
    assert.equal(await (await fetch(`${server.base}/ok`)).text(), 'fine');
  });
});
