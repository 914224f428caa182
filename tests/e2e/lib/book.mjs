// The pages of docs/book as applications. A fenced block whose first line is a comment with a file's name is that file; all
// files of a page are one application. Blocks marked `check` are run against it. CONTRIBUTING.md tells the form.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folder, repository } from './application.mjs';

const book = join(repository, 'docs', 'book');
const FILE = /^(?:\/\/|#|\/\*) +([\w.@()[\]%-]+(?:\/[\w.@()[\]%-]+)*\.\w+)(?: +\*\/)?$/;
const frame = {
  'app/layout.tsx': 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n',
  'app/page.tsx': 'export default function Page() { return <p>ready</p>; }\n',
};

/** Every page, with the files and checks that stand in it. */
export function pages() {
  return readdirSync(book).filter((name) => name.endsWith('.md')).sort().map((name) => parse(name, readFileSync(join(book, name), 'utf8')));
}

export function parse(name, text) {
  const page = { name, files: {}, checks: [], packages: [] };
  for (const [, list] of text.matchAll(/<!-- packages: ([^>]*?) -->/g)) page.packages.push(...list.trim().split(/[\s,]+/));
  for (const match of text.matchAll(/^```(\S+)?([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const [, language = '', rest, code] = match;
    const line = text.slice(0, match.index).split('\n').length;
    if (rest.trim().split(/\s+/).includes('check')) page.checks.push({ language, code, place: `docs/book/${name}:${line}` });
    const file = FILE.exec(code.split('\n', 1)[0])?.[1];
    if (!file || language === 'console') continue;
    if (file in page.files) throw new Error(`docs/book/${name}:${line}: ${file} stands twice in this page`);
    page.files[file] = code.slice(code.indexOf('\n') + 1);
  }
  return page;
}

/** The page's application in a temporary folder. */
export function application(page) {
  const app = folder({ ...frame, ...page.files });
  for (const name of page.packages) {
    const from = join(repository, 'node_modules', name);
    if (!existsSync(from)) throw new Error(`docs/book/${page.name} needs the package ${name}: add it to the devDependencies of the root package.json`);
    mkdirSync(dirname(join(app.dir, 'node_modules', name)), { recursive: true });
    symlinkSync(from, join(app.dir, 'node_modules', name));
  }
  return app;
}

/** Runs a block marked `check`: `js` is a program, `console` are commands (`$ …`) and what they print, `…` standing for anything. */
export async function run(check, base) {
  const code = check.code.replaceAll('http://localhost:3000', base);
  if (check.language === 'js') {
    const AsyncFunction = (async () => {}).constructor;
    await new AsyncFunction('assert', `"use strict";${code.replace(/^import assert from .*$/m, '')}`)(assert);
    return;
  }
  if (check.language !== 'console') throw new Error(`${check.place}: a check is written in js or console, not in ${check.language || 'no language'}`);
  for (const [, command, expected] of code.matchAll(/^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n?)*)/gm)) {
    const printed = await shell(command);
    const pattern = expected.trim().split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*?');
    assert.match(printed.replaceAll('\r', '').trim(), new RegExp(`^${pattern}$`), `${check.place}: $ ${command}\n${printed}`);
  }
}

function shell(command) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(printed);
    });
  });
}
