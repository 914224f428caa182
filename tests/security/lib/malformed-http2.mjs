// Families of HTTP/2 connections that break its rules or abuse them. Each is { name, bytes, refused }: `refused` says that no
// request in it may be answered with 200.
import { ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PRIORITY, PUSH, RESET, SETTINGS, WINDOW, ask, block, frame, framesIn, good, hello, literal, many, preface, request, settings, statusOf, text, u32 } from './http2-frames.mjs';

function prefaces() {
  const line = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  return [
    ['an HTTP/1 request behind the first line', Buffer.from('PRI * HTTP/2.0\r\n\r\nGET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a wrong second line', Buffer.concat([Buffer.from(line.replace('SM', 'XX')), good()])],
    ['another version', Buffer.concat([Buffer.from(line.replace('2.0', '3.0')), good()])],
    ['half a preface', preface.subarray(0, 20)],
    ['the preface twice', Buffer.concat([preface, preface, good()])],
    ['zeros behind it', Buffer.concat([preface, Buffer.alloc(2_000)])],
    ['text behind it', Buffer.concat([preface, Buffer.from('hello there, who are you?'.repeat(20))])],
  ];
}

function frames() {
  const after = (...list) => Buffer.concat([hello, ...list]);
  const wrong = [
    ['SETTINGS of 5 bytes', frame(SETTINGS, 0, 0, Buffer.alloc(5))],
    ['SETTINGS on a stream', frame(SETTINGS, 0, 1)],
    ['an acknowledgement with content', frame(SETTINGS, ACK, 0, settings([1, 1]))],
    ['a window of 2^31', frame(SETTINGS, 0, 0, settings([4, 2 ** 31]))],
    ['frames of 1 byte', frame(SETTINGS, 0, 0, settings([5, 1]))],
    ['frames of 2^24', frame(SETTINGS, 0, 0, settings([5, 2 ** 24]))],
    ['push is 2', frame(SETTINGS, 0, 0, settings([2, 2]))],
    ['DATA of 16385 bytes', frame(DATA, 0, 1, Buffer.alloc(16_385))],
    ['HEADERS of 20000 bytes', frame(HEADERS, END_HEADERS, 1, Buffer.alloc(20_000))],
    ['an unknown frame of 2^24-1 bytes', frame(99, 0, 0, Buffer.alloc(2 ** 24 - 1))],
    ['PING of 7 bytes', frame(PING, 0, 0, Buffer.alloc(7))],
    ['PING on a stream', frame(PING, 0, 1, Buffer.alloc(8))],
    ['GOAWAY on a stream', frame(GOAWAY, 0, 1, Buffer.alloc(8))],
    ['GOAWAY of 3 bytes', frame(GOAWAY, 0, 0, Buffer.alloc(3))],
    ['a window that grows by 0', frame(WINDOW, 0, 0, u32(0))],
    ['a window update of 3 bytes', frame(WINDOW, 0, 0, Buffer.alloc(3))],
    ['a window over 2^31', Buffer.concat([frame(WINDOW, 0, 0, u32(2 ** 31 - 1)), frame(WINDOW, 0, 0, u32(2 ** 31 - 1))])],
    ['a window of an idle stream', frame(WINDOW, 0, 9, u32(1))],
    ['RST_STREAM of 3 bytes', frame(RESET, 0, 1, Buffer.alloc(3))],
    ['RST_STREAM of no stream', frame(RESET, 0, 0, u32(8))],
    ['RST_STREAM of an idle stream', frame(RESET, 0, 9, u32(8))],
    ['PUSH_PROMISE', frame(PUSH, END_HEADERS, 1, Buffer.concat([u32(2), block(request())]))],
    ['DATA on no stream', frame(DATA, 0, 0, Buffer.alloc(1))],
    ['DATA on an idle stream', frame(DATA, 0, 9, Buffer.alloc(1))],
    ['HEADERS on no stream', ask(0, request())],
    ['HEADERS on an even stream', ask(2, request())],
    ['CONTINUATION of nothing', frame(CONTINUATION, END_HEADERS, 1, block(request()))],
    ['headers that another frame interrupts', Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request())), frame(PING, 0, 0, Buffer.alloc(8))])],
    ['headers that another stream interrupts', Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request())), frame(CONTINUATION, END_HEADERS, 3, block([['a', 'b']]))])],
    ['more padding than frame', frame(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, Buffer.concat([Buffer.from([255]), block(request())]))],
    ['more padding than data', Buffer.concat([ask(1, request('/echo', 'POST'), END_HEADERS), frame(DATA, PADDED | END_STREAM, 1, Buffer.from([200, 1]))])],
    ['a stream that depends on itself with 4 bytes', frame(PRIORITY, 0, 1, Buffer.alloc(4))],
  ];
  return [
    // A good request behind it must not make the connection good again.
    ...wrong.map(([name, bytes]) => [name, after(bytes)]),
    ['a stream number that goes down', after(ask(5, request('/nowhere')), ask(3, request('/nowhere')))],
  ];
}

function blocks() {
  const after = (bytes) => Buffer.concat([hello, bytes]);
  const raw = (bytes) => after(frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.from(bytes)));
  const lists = {
    'no method': request().slice(1),
    'no path': request().slice(0, 3),
    'no scheme': [request()[0], ...request().slice(2)],
    'two methods': [[':method', 'GET'], ...request()],
    'two paths': [...request(), [':path', '/other']],
    'two authorities': [...request(), [':authority', 'other.example']],
    'an unknown pseudo-header': [...request(), [':admin', '1']],
    'a status': [...request(), [':status', '200']],
    'a pseudo-header behind others': [...request().slice(0, 3), ['x', 'y'], request()[3]],
    'an upper-case name': [...request(), ['X-Upper', 'y']],
    'connection': [...request(), ['connection', 'close']],
    'keep-alive': [...request(), ['keep-alive', 'timeout=5']],
    'proxy-connection': [...request(), ['proxy-connection', 'keep-alive']],
    'transfer-encoding': [...request('/echo', 'POST'), ['transfer-encoding', 'chunked']],
    'upgrade': [...request(), ['upgrade', 'websocket']],
    'te other than trailers': [...request(), ['te', 'gzip']],
    'an empty path': request(''),
    'a path without slash': request('ok'),
    'an asterisk': request('*'),
    'a path with a space': request('/o k'),
    'a path with a line end': request('/ok HTTP/1.1\r\nHost: evil\r\n\r\n'),
    'a path with a zero': request('/ok\0'),
    'an absolute path': request('http://other.example/ok'),
    'an empty method': request('/ok', ''),
    'a method with a space': request('/ok', 'GET /smuggled'),
    'a method with a line end': request('/ok', 'GET\r\n'),
    'CONNECT': [[':method', 'CONNECT'], [':authority', 'localhost:80']],
    'CONNECT with a path': request('/ok', 'CONNECT'),
    'TRACE': request('/ok', 'TRACE'),
    'an authority with a user': [...request().slice(0, 2), [':authority', 'u@localhost'], request()[3]],
    'an empty authority': [...request().slice(0, 2), [':authority', ''], request()[3]],
    'an authority with a slash': [...request().slice(0, 2), [':authority', 'localhost/x'], request()[3]],
    'another host than authority': [...request(), ['host', 'other.example']],
    'two hosts': [...request(), ['host', 'localhost'], ['host', 'localhost']],
    'a name with a line end': [...request(), ['x\r\ny', 'z']],
    'a name with a colon': [...request(), ['x:y', 'z']],
    'a name with a space': [...request(), ['x y', 'z']],
    'an empty name': [...request(), ['', 'z']],
    'a value with a line end': [...request(), ['x', 'a\r\nb: c']],
    'a value with a line feed': [...request(), ['x', 'a\nb: c']],
    'a value with a zero': [...request(), ['x', 'a\0b']],
    'a length that is none': [...request('/echo', 'POST'), ['content-length', 'x']],
    'a length below 0': [...request('/echo', 'POST'), ['content-length', '-1']],
    'two lengths': [...request('/echo', 'POST'), ['content-length', '0'], ['content-length', '5']],
    'a length without content': [...request('/echo', 'POST'), ['content-length', '5']],
  };
  return [
    ...Object.entries(lists).map(([name, list]) => [name, after(ask(1, list))]),
    ['more content than its length', after(Buffer.concat([ask(1, [...request('/echo', 'POST'), ['content-length', '1']], END_HEADERS), frame(DATA, END_STREAM, 1, Buffer.from('hello'))]))],
    ['less content than its length', after(Buffer.concat([ask(1, [...request('/echo', 'POST'), ['content-length', '9']], END_HEADERS), frame(DATA, END_STREAM, 1, Buffer.from('hello'))]))],
    ['trailers that are no end', after(Buffer.concat([ask(1, request('/echo', 'POST'), END_HEADERS), frame(DATA, 0, 1, Buffer.from('x')), ask(1, [['x', 'y']], END_HEADERS)]))],
    ['content behind the end', after(Buffer.concat([ask(1, request('/nowhere', 'POST')), frame(DATA, END_STREAM, 1, Buffer.from('x'))]))],
    ['an index of 0', raw([0x80])],
    ['an index that is not there', raw([0xff, 0xff, 0x7f])],
    ['an index of 2^40', raw([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])],
    ['an index without end', raw(Array(2_000).fill(0xff))],
    ['a table of 2^30', raw([0x3f, 0xe1, 0xff, 0xff, 0xff, 0x03, 0x82])],
    ['a text longer than its frame', raw([0x00, 0x7f, 0xff, 0x7f, 0x61])],
    ['Huffman with wrong padding', raw([0x00, 0x81, 0x00, 0x81, 0x00])],
    ['Huffman with its end mark', raw([0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x81, 0xff])],
    ['an empty block', raw([])],
    ['random bytes', raw(Array.from({ length: 500 }, (_, at) => (at * 7_919) % 256))],
  ];
}

export function floods() {
  const after = (bytes) => Buffer.concat([hello, bytes]);
  const kept = Buffer.concat([Buffer.from([0x40]), text('x-bomb'), text('b'.repeat(4_000))]);
  const reset = (stream) => Buffer.concat([good(stream), frame(RESET, 0, stream, u32(8))]);
  return [
    // The library is lenient here. Nothing is ambiguous about it: neither of them decides what is asked for.
    ['no SETTINGS', Buffer.concat([preface, good()])],
    ['a PING before SETTINGS', Buffer.concat([preface, frame(PING, 0, 0, Buffer.alloc(8)), good()])],
    ['a pseudo-header in trailers, which nobody reads', after(Buffer.concat([ask(1, request('/echo', 'POST'), END_HEADERS), frame(DATA, 0, 1, Buffer.from('x')), ask(1, [[':path', '/smuggled']])]))],
    ['2,000 streams that are reset at once', after(many(2_000, (at) => reset(2 * at + 1)))],
    ['2,000 streams with an error of their own', after(many(2_000, (at) => Buffer.concat([good(2 * at + 1), frame(WINDOW, 0, 2 * at + 1, u32(0))])))],
    ['10,000 CONTINUATIONs', after(Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request())), many(10_000, () => frame(CONTINUATION, 0, 1, literal(['x', 'y'])))]))],
    ['10,000 empty CONTINUATIONs', after(Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request())), many(10_000, () => frame(CONTINUATION, 0, 1))]))],
    ['CONTINUATIONs of 16 kB', after(Buffer.concat([frame(HEADERS, END_STREAM, 1, block(request())), many(200, () => frame(CONTINUATION, 0, 1, literal(['x', 'v'.repeat(16_000)])))]))],
    ['a header of 4 kB that is repeated 10,000 times', after(Buffer.concat([frame(HEADERS, END_STREAM, 1, Buffer.concat([block(request()), kept])), frame(CONTINUATION, END_HEADERS, 1, Buffer.alloc(10_000, 0xbe))]))],
    ['10,000 SETTINGS', after(many(10_000, () => frame(SETTINGS, 0, 0, settings([3, 100]))))],
    ['10,000 PINGs', after(many(10_000, () => frame(PING, 0, 0, Buffer.alloc(8))))],
    ['10,000 PRIORITY', after(many(10_000, (at) => frame(PRIORITY, 0, 2 * at + 1, Buffer.alloc(5))))],
    ['10,000 window updates', after(many(10_000, () => frame(WINDOW, 0, 0, u32(1))))],
    ['10,000 empty DATA', after(Buffer.concat([ask(1, request('/echo', 'POST'), END_HEADERS), many(10_000, () => frame(DATA, 0, 1))]))],
    ['10,000 unknown frames', after(many(10_000, () => frame(99, 0, 0, Buffer.alloc(10))))],
    ['10,000 acknowledgements', after(many(10_000, () => frame(SETTINGS, ACK, 0)))],
  ];
}

/** Many requests at once that are each allowed: what they do to others is a question of admission, not of the protocol. */
function crowds() {
  const after = (bytes) => Buffer.concat([hello, bytes]);
  return [
    ['1,000 streams without end', after(many(1_000, (at) => ask(2 * at + 1, request('/echo', 'POST'), END_HEADERS)))],
    ['a window of 0 and 200 requests', Buffer.concat([preface, frame(SETTINGS, 0, 0, settings([4, 0])), many(200, (at) => good(2 * at + 1))])],
  ];
}

/** All of them. */
export function malformed() {
  const list = (family, cases, refused) => cases.map(([name, bytes]) => ({ name: `${family}: ${name}`, bytes, refused }));
  return [...list('preface', prefaces(), true), ...list('frames', frames(), true), ...list('blocks', blocks(), true), ...list('floods', [...floods(), ...crowds()], false)];
}

/** How many streams were answered with 200, in what a server sent. */
export function answered(bytes) {
  return framesIn(bytes).filter(({ type, payload }) => type === HEADERS && statusOf(payload) === 200).length;
}
