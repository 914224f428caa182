// Families of HTTP/1 requests that no server should answer as if they were good. Each is [name, bytes]. Where two servers could
// disagree about the end of a request, a second one follows that asks for /smuggled.
import { dice } from './raw.mjs';

const latin = (text) => Buffer.from(text, 'latin1');
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
const shown = (text) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}… ${text.length}` : text);

function* requestLines() {
  const methods = ['', ' ', 'G ET', 'GET\t', 'get', 'Get', 'G\xc9T', 'GET\0', 'TRACE', 'TRACK', 'CONNECT', 'PRI', 'FOO', '(GET)', 'GET,', '"GET"', 'GET/', 'A'.repeat(5_000), 'A'.repeat(100_000)];
  for (const method of methods) yield [`method ${shown(method)}`, `${method} /ok HTTP/1.1\r\nHost: localhost\r\n\r\n`];
  const targets = [
    '', '*', 'ok', 'ok/x', '/a b', '/\0', '/ok\0', '/\x7f', '/\x01', '/ok\x0b', '/ok\x1f', '/%', '/%zz', '/%0', '/ok%', '/%ff', '/%c0%ae', '/%ed%a0%80', '/%f5%80%80%80', '/ok%00',
    'http://', 'http:///', 'http://other.example/ok', 'http://localhost.other.example/ok', 'http://u:p@localhost/ok', 'http://localhost:99999999/ok', 'ftp://localhost/ok/', 'javascript:alert(1)', 'localhost:80', 'localhost', '?x',
    `/${'a'.repeat(20_000)}`, `/${'a'.repeat(100_000)}`, `/ok?${'q'.repeat(20_000)}`, `/${'a/'.repeat(40_000)}`, `/${'%41'.repeat(30_000)}`,
  ];
  for (const target of targets) yield [`target ${shown(target)}`, `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`];
  for (const version of ['HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/3', 'HTTP/1', 'http/1.1', 'HTTP/1.1 x', 'HTTP /1.1', 'HTTP/1.10', 'HTTP/11', 'HTTX/1.1', '', 'HTTP/1.1\0', 'HTTP/', 'HTTP/+1.1', 'HTTP/1,1'])
    yield [`version ${shown(version)}`, `GET /ok ${version}\r\nHost: localhost\r\n\r\n`];
  for (const line of ['GET  /ok HTTP/1.1', 'GET /ok  HTTP/1.1', ' GET /ok HTTP/1.1', '\tGET /ok HTTP/1.1', 'GET\t/ok\tHTTP/1.1', 'GET /ok', 'GET', '/ok HTTP/1.1', 'GET\x0b/ok HTTP/1.1', 'GET /ok HTTP/1.1\r'])
    yield [`line ${shown(line)}`, `${line}\r\nHost: localhost\r\n\r\n`];
}

function* headers() {
  const head = (lines) => `GET /ok HTTP/1.1\r\n${lines}\r\n\r\n`;
  const forbidden = [...Array(32).keys(), ...Buffer.from(' ()<>@,;\\"/[]?={}'), 0x7f, 0x80, 0xa0, 0xff].map((code) => String.fromCharCode(code));
  for (const letter of forbidden) {
    // A line feed ends the line: then it is a header without a colon.
    yield [`byte ${letter.charCodeAt(0)} in a header's name`, head(`Host: localhost\r\nX${letter}Y: z`)];
  }
  for (const code of [0, 1, 8, 11, 12, 13, 14, 27, 31, 127]) yield [`byte ${code} in a header's value`, head(`Host: localhost\r\nX-A: a${String.fromCharCode(code)}b`)];
  for (const lines of ['Host : localhost', 'Host\t: localhost', ' Host: localhost', 'Host: localhost\r\nX-A: a\r\n b', 'Host: localhost\r\nX-A: a\r\n\tb', 'Host: localhost\r\nno colon', 'Host: localhost\r\n: empty', 'Host: localhost\r\nContent-Length : 5', 'Host: localhost\r\nTransfer-Encoding : chunked', 'Host: localhost\rX-A: b'])
    yield [`header lines ${shown(lines)}`, head(lines)];
  for (const host of [null, '', ' ', 'a b', 'a/b', 'user@localhost', 'localhost:port', 'localhost:80:80', '[::1', '::1', 'localhost,other', 'localhost\tother', 'local\xe9', 'localhost?x', 'localhost#x', 'localhost\\x', '<script>', 'localhost%00', 'localhost\r\nHost: localhost', 'localhost\r\nHost: other.example', 'localhost\r\nhost: other'])
    yield [`host ${shown(String(host))}`, head(host === null ? 'X-A: b' : `Host: ${host}`)];
  for (const count of [150, 1_000, 20_000]) yield [`${count} headers`, head(`Host: localhost\r\n${Array.from({ length: count }, (_, at) => `X-${at}: v`).join('\r\n')}`)];
  for (const size of [70_000, 1_000_000]) {
    yield [`a name of ${size} bytes`, head(`Host: localhost\r\n${'N'.repeat(size)}: v`)];
    yield [`a value of ${size} bytes`, head(`Host: localhost\r\nX-A: ${'v'.repeat(size)}`)];
    yield [`a cookie of ${size} bytes`, head(`Host: localhost\r\nCookie: a=${'v'.repeat(size)}`)];
  }
}

function* lengths() {
  const post = (lines, body) => `POST /echo HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n\r\n${body}`;
  const chunked = '5\r\nhello\r\n0\r\n\r\n';
  for (const value of ['', '+5', '-1', '-0', '5,6', '5;', '5 5', '0x5', '1e1', '5.0', 'five', '\xb2', '18446744073709551616', '99999999999999999999999', '5\x0b', '5\0', '"5"', '05 x', '5,', ',5'])
    yield [`Content-Length ${shown(value)}`, post(`Content-Length: ${value}`, `hello${smuggled}`)];
  for (const [first, second] of [['5', '6'], ['0', '5'], ['5', '0'], ['5', 'x'], ['', '5'], ['5', '']]) yield [`two lengths ${shown(first)} and ${shown(second)}`, post(`Content-Length: ${first}\r\nContent-Length: ${second}`, `hello${smuggled}`)];
  const codings = [
    'xchunked', 'chunkedx', 'chunked x', 'x chunked', '\x0bchunked', 'chunked\x0b', '"chunked"', "'chunked'", 'chunked;q=1', 'chunked, identity', 'chunked, gzip', 'identity', 'gzip', 'cow', '', ',', 'chun\0ked', 'chunked\0', 'ch\xfcnked', 'chunked\rX: y',
  ];
  for (const coding of codings) yield [`Transfer-Encoding ${shown(coding)}`, post(`Transfer-Encoding: ${coding}`, chunked + smuggled)];
  for (const [one, two] of [['Content-Length: 5', 'Transfer-Encoding: chunked'], ['Transfer-Encoding: chunked', 'Content-Length: 5'], ['content-length: 0', 'transfer-encoding: chunked'], ['TRANSFER-ENCODING: CHUNKED', 'CONTENT-LENGTH: 15'], ['Content-Length: 5', 'Transfer-Encoding: gzip, chunked'], ['Content-Length: 5', 'Transfer-Encoding:\tchunked'], ['Content-Length: 5', 'Transfer-Encoding: identity'], ['Content-Length: 5', 'Transfer-Encoding: xchunked'], ['Content-Length: 5', 'Transfer-Encoding : chunked'], ['Content-Length: 5', ' Transfer-Encoding: chunked'], ['Content-Length: 5', 'X: y\nTransfer-Encoding: chunked'], ['Content-Length: 5', 'X: y\rTransfer-Encoding: chunked'], ['Content-Length: 5', 'Transfer-Encoding:\r\n chunked'], ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], ['Transfer-Encoding: chunked', 'Transfer-Encoding: x']])
    yield [`${shown(one)} with ${shown(two)}`, post(`${one}\r\n${two}`, chunked + smuggled)];
  yield ['Transfer-Encoding in HTTP/1.0', `POST /echo HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${smuggled}`];
  yield ['Transfer-Encoding in HTTP/1.0 that is kept', `POST /echo HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${smuggled}`];
  yield ['a GET with two lengths', `GET /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`];
}

/** Heads that two servers could read in two ways (RFC 9112, 2.2, 3.2, 5.1, 5.2, 6.1, 6.3). Behind each stands a request for /smuggled. */
function* ambiguities() {
  const post = (lines, body = 'hello') => `POST /echo HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n\r\n${body}`;
  const chunked = '5\r\nhello\r\n0\r\n\r\n';
  const codings = ['chunked,chunked', 'chunked, chunked', 'identity, chunked', 'gzip, chunked', 'gzip,chunked', 'deflate, chunked', 'x, chunked', ', chunked', 'chunked,', 'chunked;', 'chunked ;x', 'CHUNKED, CHUNKED', 'compress,\tchunked'];
  for (const coding of codings) yield [`coding ${shown(coding)}`, post(`Transfer-Encoding: ${coding}`, chunked)];
  for (const [one, two] of [['chunked', 'chunked'], ['identity', 'chunked'], ['gzip', 'chunked'], ['chunked', 'gzip'], ['', 'chunked'], ['chunked', '']])
    yield [`codings ${shown(one)} and ${shown(two)}`, post(`Transfer-Encoding: ${one}\r\nTransfer-Encoding: ${two}`, chunked)];
  for (const [first, second] of [['5', '5'], ['5', '05'], ['0', '0']]) yield [`lengths ${first} and ${second}`, post(`Content-Length: ${first}\r\nContent-Length: ${second}`)];
  for (const value of ['5, 5', '5,5', '5,5,5', '+5', '0x5', '5_0', '5.']) yield [`length ${shown(value)}`, post(`Content-Length: ${value}`)];
  for (const [one, two] of [['Content-Length: 5', 'Transfer-Encoding: chunked'], ['Transfer-Encoding: chunked', 'Content-Length: 5'], ['Content-Length: 5', 'Transfer-Encoding: identity'], ['Content-Length: 5', 'Transfer-Encoding:\tchunked '], ['Content-Length: 0', 'Transfer-Encoding: chunked']])
    yield [`${shown(one)} beside ${shown(two)}`, post(`${one}\r\n${two}`, chunked)];
  for (const [name, text] of [
    ['bare LF behind the request line', 'POST /echo HTTP/1.1\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello'],
    ['bare LF behind a header', 'POST /echo HTTP/1.1\r\nHost: localhost\nContent-Length: 5\r\n\r\nhello'],
    ['bare LF behind the length', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\n\r\nhello'],
    ['bare LF as the empty line', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\nhello'],
    ['bare LF everywhere', 'POST /echo HTTP/1.1\nHost: localhost\nContent-Length: 5\n\nhello'],
    ['a length behind a bare LF', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nX: a\nContent-Length: 5\r\n\r\nhello'],
    ['a coding behind a bare LF', `POST /echo HTTP/1.1\r\nHost: localhost\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n${chunked}`],
    ['a folded header', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello'],
    ['a header folded with a tab', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nX: a\r\n\tb\r\nContent-Length: 5\r\n\r\nhello'],
    ['a folded coding', `POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${chunked}`],
    ['a folded length', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length:\r\n 5\r\n\r\nhello'],
    ['a length that is folded on', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n 0\r\n\r\nhello'],
    ['a fold of blanks only', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nX: a\r\n \r\nContent-Length: 5\r\n\r\nhello'],
    ['a first header that begins with a blank', 'GET /ok HTTP/1.1\r\n X: a\r\nHost: localhost\r\n\r\n'],
    ['a fragment', 'GET /ok#x HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a fragment behind a query', 'GET /ok?a#b HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a fragment that is empty', 'GET /ok# HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a fragment that looks like a path', 'GET /ok#/../smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a blank before a colon', 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length : 5\r\n\r\nhello'],
    ['a tab before a colon', `POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding\t: chunked\r\n\r\n${chunked}`],
    ['a header without a colon', 'GET /ok HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding chunked\r\n\r\n'],
    ['a header without a name', 'GET /ok HTTP/1.1\r\nHost: localhost\r\n: chunked\r\n\r\n'],
    ['two hosts that agree', 'GET /ok HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n'],
    ['no host', 'GET /ok HTTP/1.1\r\nX: a\r\n\r\n'],
    ['an absolute target of another host', 'GET http://other.example/ok HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ]) yield [name, text];
}

/**
 * The same as `{ name, bytes }`, alone and behind a good request on the same connection: each has to be refused with 4xx, its
 * connection closed, and what stands behind it not be read as a request.
 */
export function ambiguous() {
  const first = 'GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n';
  return [...ambiguities()].flatMap(([name, text]) => [
    { name, before: 0, bytes: latin(text + smuggled) },
    { name: `${name}, as the second request`, before: 1, bytes: latin(first + text + smuggled) },
  ]);
}

function* chunks() {
  const post = (body) => `POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
  for (const size of ['g', '', '-1', '+5', '0x5', '5x', '5 5', 'FFFFFFFFFFFFFFFFF', '10000000000000000', '\0', '\xb5', '5\0', '"5"', '5,', '5\r', '\x0b5'])
    yield [`chunk size ${shown(size)}`, post(`${size}\r\nhello\r\n0\r\n\r\n${smuggled}`)];
  for (const [name, body] of [
    ['a chunk that is longer than it says', `3\r\nhello\r\n0\r\n\r\n${smuggled}`],
    ['a chunk without its end', `5\r\nhello0\r\n\r\n${smuggled}`],
    ['a chunk with a bare CR behind it', `5\r\nhello\r0\r\n\r\n${smuggled}`],
    ['a chunk with junk behind it', `5\r\nhelloXX0\r\n\r\n${smuggled}`],
    ['a chunk extension of 100 kB', `5;${'x'.repeat(100_000)}\r\nhello\r\n0\r\n\r\n`],
    ['chunk extensions of 100 kB in all', `${'1;xxxxxxxxxx\r\na\r\n'.repeat(10_000)}0\r\n\r\n`],
    ['a trailer of 100 kB', `5\r\nhello\r\n0\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['20,000 trailers', `5\r\nhello\r\n0\r\n${'X: y\r\n'.repeat(20_000)}\r\n`],
    ['a size line without end', '5'.repeat(100_000)],
    ['a bare LF behind a size with an extension', `5;a\nb\r\nhello\r\n0\r\n\r\n`],
    ['a bare LF behind a size', `5\nhello\r\n0\r\n\r\n${smuggled}`],
    ['a bare LF behind an extension', `5;a\nhello\r\n0\r\n\r\n${smuggled}`],
    ['a bare LF behind a chunk', `5\r\nhello\n0\r\n\r\n${smuggled}`],
    ['a bare LF behind the last size', `5\r\nhello\r\n0\n\r\n${smuggled}`],
  ]) yield [name, post(body)];
}

function* truncated() {
  const whole = 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\nhello';
  for (let at = 1; at <= whole.length; at += 5) yield [`cut after ${at} bytes`, whole.slice(0, at)];
  const chunked = 'POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';
  for (let at = chunked.length - 12; at <= chunked.length; at += 1) yield [`chunks cut after ${at} bytes`, chunked.slice(0, at)];
}

function* junk() {
  const roll = dice(20_260);
  yield ['a TLS hello', latin('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + 'r'.repeat(500))];
  yield ['an SSH banner', 'SSH-2.0-OpenSSH_9.6\r\n'];
  yield ['SMTP', 'EHLO localhost\r\nMAIL FROM:<a@b>\r\n'];
  yield ['a PROXY line', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nGET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n'];
  yield ['100 kB of zeros', Buffer.alloc(100_000)];
  yield ['100 kB of line ends', '\r\n'.repeat(50_000)];
  yield ['100 kB of CR', '\r'.repeat(100_000)];
  yield ['100 kB of colons', ':'.repeat(100_000)];
  yield ['200 kB without a line end', 'a'.repeat(200_000)];
  for (let at = 0; at < 20; at += 1) yield [`random bytes ${at}`, Buffer.from(Array.from({ length: 1 + roll(2_000) }, () => roll(256)))];
  const good = latin('POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello');
  for (let at = 0; at < 20; at += 1) {
    const bytes = Buffer.from(good);
    // In the request line and the names, where a control byte is never right.
    bytes[roll(15)] = roll(9);
    yield [`a control byte in the request line ${at}`, bytes];
  }
}

/** All of them, as [name, Buffer]. */
export function malformed() {
  const families = { requestLines, headers, lengths, chunks, truncated, junk };
  return Object.entries(families).flatMap(([family, make]) => [...make()].map(([name, bytes]) => [`${family}: ${name}`, typeof bytes === 'string' ? latin(bytes) : bytes]));
}
