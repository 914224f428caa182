#!/usr/bin/env node
// `cargo xtask bench [--rows TEXT,TEXT] [--against a,b] [--rounds N] [--seconds N] [--json FILE]`; see README.md.
// Compares servers side by side: each round visits every server once on every row; what counts is the ratio within a round.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { load, residentMegabytes, transfer } from './load.mjs';
import { rows } from './rows.mjs';
import { servers } from './servers.mjs';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    against: { type: 'string', default: 'next,node-http,hyper' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    json: { type: 'string' },
  },
});
const names = ['ironside', ...options.against.split(',').filter(Boolean)];
const wanted = rows.filter((row) => options.rows.split(',').some((text) => row.name.includes(text)));
const rounds = Number(options.rounds);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;

console.error(`${names.join(', ')}: ${wanted.length} rows × ${rounds} rounds × ${options.seconds} s, about ${Math.ceil((names.length * wanted.length * rounds * (Number(options.seconds) + 1)) / 60)} minutes`);
const running = [];
try {
  for (const name of names) {
    if (!servers[name]) throw new Error(`there is no server ${name}: ${Object.keys(servers).join(', ')}`);
    running.push(await servers[name](running));
    console.error(`${name}: first answer after ${Math.round(running.at(-1).startMs)} ms, ${Math.round(residentMegabytes(running.at(-1).pid))} MB`);
  }
  const results = [];
  for (const row of wanted) {
    const able = [];
    for (const server of running) {
      const request = row.request ? await row.request(server.base).catch((error) => console.error(`${row.name}: ${server.name}: ${error.message}`)) : {};
      const ask = () => fetch(server.base + row.path, request);
      const answer = request && (await ask().catch(ask));
      const ok = answer && row.check({ status: answer.status, text: await answer.text() });
      if (ok) able.push(server);
      else console.error(`${row.name}: ${server.name} does not answer as it should (${answer?.status}), left out`);
    }
    const connections = Math.min(row.connections ?? Infinity, Number(options.connections));
    const measure = row.bytes ? transfer : load;
    // Nobody counts the first second: code is compiled while it is met for the first time.
    for (const server of able) await measure(server, row, { seconds: 1, connections });
    const samples = Object.fromEntries(able.map((server) => [server.name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const server of able) {
        samples[server.name].push(await measure(server, row, { seconds: Number(options.seconds), connections }));
      }
    }
    results.push({ row: row.name, samples });
    show(row.name, samples);
  }
  for (const server of running) console.log(`memory after the run, ${server.name}: ${Math.round(residentMegabytes(server.pid))} MB`);
  if (options.json) {
    mkdirSync(dirname(options.json), { recursive: true });
    writeFileSync(options.json, JSON.stringify({ at: new Date().toISOString(), options, results }, null, 2));
  }
} finally {
  for (const server of running) await server.stop();
}

/** One line per server. A ratio is within a round; a cell with errors is void, and so is every ratio with it. */
function show(name, samples) {
  const own = samples.ironside;
  const isVoid = (list) => list.some((sample) => sample.errors > 0 || sample.count === 0);
  const micros = (list, part) => `${median(list.map((sample) => sample[part])).toFixed(1)}`.padStart(9);
  console.log(`\n${name}`);
  for (const [server, list] of Object.entries(samples)) {
    const rate = median(list.map((sample) => sample.rate));
    const cpu = `${micros(list, 'ownMicros')} + ${micros(list, 'belowMicros')} µs CPU`;
    let ratio = '';
    if (own && server !== 'ironside' && !isVoid(own) && !isVoid(list)) {
      const ratios = list.map((sample, round) => own[round].rate / sample.rate);
      ratio = `  ironside is ${median(ratios).toFixed(2)} × (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
    }
    console.log(`  ${server.padEnd(12)} ${rate.toFixed(rate < 100 ? 2 : 0).padStart(8)} /s  ${cpu}${isVoid(list) ? '  VOID: errors, or no answer at all' : ''}${ratio}`);
  }
}
