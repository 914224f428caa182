#!/usr/bin/env node
// `node bench/refusals.mjs [ROUNDS]`: how long the server takes to refuse what attacks actions, class by class (tests/security has the
// families; here stands one of the dearest of each). From the first byte of a request on a warm connection to the head of the answer;
// median and slowest of all rounds. Prints, and asserts nothing about time: run it on a quiet machine.
import net from 'node:net';
import { MULTIPART, multipart, start } from '../tests/security/lib/actions-app.mjs';

const rounds = Number(process.argv[2] ?? 200);
const hex = (n) => n.toString(16);
const rows = (count, text) => Array.from({ length: count }, (_, n) => [`${n + 1}`, text(n + 1)]);

const app = await start();
const { echo, save, unused } = app.ids;
const json = (body, headers = {}) => ({ headers: { 'next-action': echo, 'content-type': 'text/plain', ...headers }, body });
const reply = (fields) => ({ headers: { 'next-action': echo, 'content-type': MULTIPART }, body: multipart(fields) });
const form = (fields, headers = {}) => ({ path: '/form', headers: { 'content-type': MULTIPART, ...headers }, body: multipart(fields) });

const cases = [
  ['SEC-01 a path to what an object inherits', reply([['1', '{"a":{}}'], ['0', '["$1:__proto__:then"]']])],
  ['SEC-01 a chunk in disguise', reply([['0', '[{"then":"$1:then","status":"resolved_model","value":"{}","_response":{"_formData":{"get":"$1:constructor:constructor"}}}]'], ['1', '"$@0"']])],
  ['SEC-02 a promise of itself over 64 rows', reply([['0', '["$@1"]'], ...rows(64, (n) => `"$@${hex((n % 64) + 1)}"`)])],
  ['SEC-03 a Map in itself', reply([['0', '["$Q1"]'], ['1', '[["k","$Q1"]]']])],
  ['SEC-04 a function that nobody may call', reply([['1', JSON.stringify({ id: unused, bound: null })], ['0', '["$h1"]']])],
  ['SEC-05 a BigInt of 900,000 digits', json(`["$n${'9'.repeat(900_000)}"]`)],
  ['SEC-05 110,000 references (770 KB)', json(`[[],[${'"$0:0",'.repeat(110_000)}0]]`)],
  ['SEC-05 500,000 open brackets', json('['.repeat(500_000))],
  ['SEC-06 a Set and a Map in one another', reply([['0', '["$W1"]'], ['1', '["$Q2"]'], ['2', '[["k","$W1"]]']])],
  ['SEC-07 400 steps of doubling', reply([['0', '["$1"]'], ...rows(400, (n) => `["$${hex(n + 1)}","$${hex(n + 1)}"]`), ['401', '{}']])],
  ['SEC-08 900 KB that end in the middle of a row', json(`[${'{"a":"b"},'.repeat(90_000)}`)],
  ['SEC-09 9,000 descriptions in a form', form([[`$ACTION_ID_${save}`, ''], ...Array.from({ length: 9000 }, (_, n) => [`$ACTION_${n}:0`, '{}'])])],
  ['SEC-10 a length of 1 TB', json('[', { 'content-length': `${2 ** 40}` })],
  ['SEC-11 an id that nobody was given', json('[]', { 'next-action': unused })],
  ['SEC-14 Origin: null', json('[]', { origin: 'null' })],
  ['SEC-14 Origin: null, a form', form([[`$ACTION_ID_${save}`, '']], { origin: 'null' })],
  ['SEC-67 JSON that is not strict', json('[1,]')],
  ['SEC-68 another site', json('[]', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })],
];

/** Milliseconds from the first byte to the head of the answer, and its status. */
function once({ path = '/', headers, body }) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: app.server.port, host: 'localhost', noDelay: true }, () => {
      const lines = Object.entries({ host: `localhost:${app.server.port}`, 'content-length': Buffer.byteLength(body), connection: 'close', ...headers });
      const bytes = Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
      const began = performance.now();
      socket.write(bytes);
      socket.once('data', (piece) => {
        resolve({ ms: performance.now() - began, status: Number(/^HTTP\/1\.1 (\d+)/.exec(piece.toString('latin1'))?.[1]) });
        socket.destroy();
      });
    });
    socket.on('error', reject);
  });
}

try {
  await app.ping();
  console.log(`${'what'.padEnd(50)} bytes   status  median ms  slowest ms`);
  for (const [name, request] of cases) {
    const seen = [];
    for (let round = 0; round < rounds; round++) seen.push(await once(request));
    const times = seen.map(({ ms }) => ms).sort((a, b) => a - b);
    const statuses = [...new Set(seen.map(({ status }) => status))].join();
    console.log(`${name.padEnd(48)} ${String(request.body.length).padStart(7)}   ${statuses.padEnd(6)} ${times[times.length >> 1].toFixed(2).padStart(9)} ${times.at(-1).toFixed(2).padStart(11)}`);
  }
} finally {
  await app.stop();
}
