#!/usr/bin/env node
// `cargo xtask bench [--rows TEXT] [--against a,b] [--rounds N] [--seconds N] [--json FILE]`
// Compares servers side by side: each round visits every server once on every row; what counts is the ratio within a round.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { load, residentMegabytes } from './load.mjs';
import { rows } from './rows.mjs';
import { servers } from './servers.mjs';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    against: { type: 'string', default: 'next,node-http' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    json: { type: 'string' },
  },
});
const names = ['ironside', ...options.against.split(',').filter(Boolean)];
const wanted = rows.filter((row) => row.name.includes(options.rows));
const rounds = Number(options.rounds);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;

console.error(`${names.join(', ')}: ${wanted.length} rows × ${rounds} rounds × ${options.seconds} s, about ${Math.ceil((names.length * wanted.length * rounds * (Number(options.seconds) + 1)) / 60)} minutes`);
const running = [];
try {
  for (const name of names) {
    if (!servers[name]) throw new Error(`there is no server ${name}: ${Object.keys(servers).join(', ')}`);
    running.push(await servers[name]());
    console.error(`${name}: first answer after ${Math.round(running.at(-1).startMs)} ms, ${Math.round(residentMegabytes(running.at(-1).pid))} MB`);
  }
  const results = [];
  for (const row of wanted) {
    const able = [];
    for (const server of running) {
      const request = row.request ? await row.request(server.base).catch(() => null) : {};
      const answer = request && (await fetch(server.base + row.path, request));
      const ok = answer && row.check({ status: answer.status, text: await answer.text() });
      if (ok) able.push(server);
      else console.error(`${row.name}: ${server.name} does not answer as it should (${answer?.status}), left out`);
    }
    const samples = Object.fromEntries(able.map((server) => [server.name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const server of able) {
        samples[server.name].push(await load(server, row, { seconds: Number(options.seconds), connections: Number(options.connections) }));
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

function show(name, samples) {
  const own = samples.ironside;
  console.log(`\n${name}`);
  for (const [server, list] of Object.entries(samples)) {
    const void_ = list.some((sample) => sample.errors > 0);
    const ratios = own && server !== 'ironside' ? list.map((sample, i) => own[i].rate / sample.rate) : null;
    const ratio = ratios ? `  ironside is ${median(ratios).toFixed(2)} × (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})` : '';
    console.log(
      `  ${server.padEnd(12)} ${median(list.map((s) => s.rate)).toFixed(0).padStart(8)} req/s  ${median(list.map((s) => s.cpuMs)).toFixed(3).padStart(8)} ms CPU${void_ ? '  VOID: errors' : ''}${ratio}`,
    );
  }
}
