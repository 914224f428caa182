// What a person is told who makes a mistake: the place, the remedy, an exit code that is not 0, and never a panic.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, ironside, serve } from './lib/application.mjs';
import { until } from './lib/browser.mjs';

const layout = 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n';

/** Builds these files and expects a failure that says all of this. */
function refused(files, marks, code = 1) {
  const app = folder({ 'app/layout.tsx': layout, 'app/page.tsx': 'export default () => <p>ok</p>;\n', ...files });
  try {
    const done = ironside(['build', app.dir]);
    assert.equal(done.code, code, done.all);
    assert.doesNotMatch(done.all, /panicked|RUST_BACKTRACE/);
    for (const mark of marks) assert.match(done.all, mark);
    return done.all;
  } finally {
    app.remove();
  }
}

test('a syntax error', () => {
  refused({ 'app/page.tsx': 'export default function Page() {\n  return <p>never closed;\n}\n' }, [/app\/page\.tsx:\d+:\d+/, /<p>never closed/]);
});

test('a missing package', () => {
  refused({ 'app/page.tsx': "import { z } from 'zoood';\nexport default () => <p>{String(z)}</p>;\n" }, [/app\/page\.tsx:1:/, /zoood/, /npm install/]);
});

test('a missing file, with the one that was meant', () => {
  refused({ 'lib/widgets.ts': 'export const n = 1;\n', 'app/page.tsx': "import { n } from '../lib/widget';\nexport default () => <p>{n}</p>;\n" }, [/app\/page\.tsx:1:/, /lib\/widget/, /widgets/]);
});

test("a 'use server' file that exports a constant", () => {
  refused({ 'app/actions.ts': "'use server';\nexport const limit = 3;\nexport async function act() {}\n", 'app/page.tsx': "import { act } from './actions';\nexport default () => <form action={act} />;\n" }, [/app\/actions\.ts:2:/, /limit/, /async function/]);
});

test('an action that is not async', () => {
  refused({ 'app/actions.ts': "'use server';\nexport function act() {}\n", 'app/page.tsx': "import { act } from './actions';\nexport default () => <form action={act} />;\n" }, [/app\/actions\.ts:2:/, /async/]);
});

test('a next.config that throws, and one with a wrong value', () => {
  refused({ 'next.config.mjs': "throw new Error('no such thing');\n" }, [/next\.config\.mjs/, /no such thing/]);
  refused({ 'next.config.mjs': 'export default { basePath: 3 };\n' }, [/next\.config\.mjs/, /basePath/]);
});

test('a next.config with a syntax error, an import that leads nowhere, nothing in it, and one that ends the process', () => {
  refused({ 'next.config.ts': 'export default {\n  basePath: ,\n};\n' }, [/next\.config\.ts:2:13/]);
  refused({ 'next.config.ts': "import { base } from './lib/base';\nexport default { basePath: base };\n" }, [/next\.config\.ts:1:/, /lib\/base/]);
  refused({ 'next.config.mjs': "import plugin from 'not-installed';\nexport default plugin({});\n" }, [/next\.config\.mjs:1:/, /npm install not-installed/]);
  refused({ 'next.config.mjs': 'export const config = {};\n' }, [/--> next\.config\.mjs/, /export the configuration as default/]);
  refused({ 'next.config.mjs': 'process.exit(0);\n' }, [/--> next\.config\.mjs/, /process\.exit/]);
});

test('a tsconfig.json and a package.json that are none', () => {
  refused({ 'tsconfig.json': '{\n  "compilerOptions": {\n    "paths": { "@/*": ["./*"] \n}\n' }, [/tsconfig\.json:\d/, /JSON/]);
  refused({ 'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": "./*" } } }\n' }, [/tsconfig\.json:1:42/, /list/]);
  refused({ 'tsconfig.json': '{ "extends": "./base.json" }\n' }, [/tsconfig\.json:1:14/, /base\.json/]);
  refused({ 'package.json': '{ "name": "x", }\n' }, [/package\.json:1:/, /JSON/]);
});

test('a page and a layout that export nothing as default', () => {
  refused({ 'app/page.tsx': 'export function Page() { return <p />; }\n' }, [/app\/page\.tsx:1:17/, /export default/]);
  refused({ 'app/layout.tsx': 'export const metadata = {};\n' }, [/app\/layout\.tsx/, /default/]);
});

test('props that no client component can be given are named with the component and the line', async () => {
  const app = folder({
    'app/layout.tsx': layout,
    'app/button.tsx': "'use client';\nexport function Button({ onPress, price }) { return <button onClick={onPress}>{price?.amount}</button>; }\n",
    'app/page.tsx': "import { Button } from './button'; export const dynamic = 'force-dynamic';\nexport default function Page() {\n  return <Button onPress={() => 1} />;\n}\n",
    'app/price/page.tsx': "import { Button } from '../button'; export const dynamic = 'force-dynamic';\nclass Money { amount = 3; }\nexport default function Price() {\n  return <Button price={new Money()} />;\n}\n",
  });
  const server = await serve(app.dir);
  try {
    for (const [path, marks] of [
      ['/', [/`onPress` of <Button> of app\/button\.tsx is a function/, /at Page .*app\/page\.tsx:3:/, /use server/]],
      ['/price', [/`price` of <Button> of app\/button\.tsx is an instance of the class Money/, /at Price .*app\/price\/page\.tsx:4:/]],
    ]) {
      const answer = await fetch(server.base + path);
      assert.equal(answer.status, 500);
      assert.doesNotMatch(await answer.text(), /cannot be|Money/);
      for (const mark of marks) await until(() => server.log, (log) => mark.test(log));
    }
    assert.equal(await server.stop(), 0);
  } finally {
    await server.stop();
    app.remove();
  }
});

test('two pages at one URL', () => {
  refused({ 'app/(a)/x/page.tsx': 'export default () => <p>a</p>;\n', 'app/(b)/x/page.tsx': 'export default () => <p>b</p>;\n' }, [/\(a\)\/x\/page\.tsx/, /\(b\)\/x\/page\.tsx/]);
});

test('a server-only module in client code', () => {
  refused({ 'lib/secret.ts': "import 'server-only';\nexport const secret = 1;\n", 'app/button.tsx': "'use client';\nimport { secret } from '../lib/secret';\nexport const Button = () => <button>{secret}</button>;\n", 'app/page.tsx': "import { Button } from './button';\nexport default () => <Button />;\n" }, [/server-only/, /lib\/secret\.ts/, /app\/button\.tsx/]);
});

test('a folder that is no application, and one that is not there', () => {
  const empty = mkdtempSync(join(tmpdir(), 'ironside-empty-'));
  const done = ironside(['build', empty]);
  assert.equal(done.code, 1, done.all);
  assert.match(done.all, /app/);
  assert.equal(ironside(['build', join(empty, 'nowhere')]).code, 2);
});

test('starting without a build', () => {
  const app = folder({});
  const done = ironside(['start', app.dir, '-p', '0']);
  assert.equal(done.code, 2, done.all);
  assert.match(done.all, /ironside build/);
  app.remove();
});

test('Node missing or too old', () => {
  const app = folder({ 'app/layout.tsx': layout, 'app/page.tsx': 'export default () => <p>ok</p>;\n' });
  assert.equal(ironside(['build', app.dir]).code, 0);
  const missing = ironside(['start', app.dir, '-p', '0', '--node', '/nowhere/node']);
  assert.equal(missing.code, 69, missing.all);
  assert.match(missing.all, /Node/);
  const old = join(app.dir, 'old-node');
  writeFileSync(old, '#!/bin/sh\nif [ "$1" = --version ]; then echo v16.20.0; else echo v16.20.0 >&2; exit 9; fi\n');
  chmodSync(old, 0o755);
  const done = ironside(['start', app.dir, '-p', '0', '--node', old]);
  assert.notEqual(done.code, 0);
  assert.match(done.all, /Node/);
  assert.doesNotMatch(done.all, /panicked/);
  app.remove();
});

test('a port in use', async () => {
  const app = folder({ 'app/layout.tsx': layout, 'app/page.tsx': 'export default () => <p>ok</p>;\n' });
  assert.equal(ironside(['build', app.dir]).code, 0);
  const other = createServer().listen(0);
  await new Promise((resolve) => other.on('listening', resolve));
  const { port } = other.address();
  const done = ironside(['start', app.dir, '-p', String(port)]);
  assert.equal(done.code, 69, done.all);
  assert.match(done.all, new RegExp(`${port}.*in use|in use.*${port}`));
  assert.match(done.all, /--port/);
  other.close();
  app.remove();
});

test('wrong arguments and settings', () => {
  assert.equal(ironside(['bild']).code, 2);
  const app = folder({ 'ironside.toml': '[listen]\nprot = 1\n' });
  const done = ironside(['start', app.dir]);
  assert.equal(done.code, 2, done.all);
  assert.match(done.all, /prot/);
  const port = ironside(['start', app.dir, '-p', 'many']);
  assert.equal(port.code, 2);
  app.remove();
});

test('a failed build leaves the one before it', () => {
  const app = folder({ 'app/layout.tsx': layout, 'app/page.tsx': 'export default () => <p>ok</p>;\n' });
  assert.equal(ironside(['build', app.dir]).code, 0);
  const manifest = () => ironside(['routes', app.dir, '--json']).code;
  writeFileSync(join(app.dir, 'app/page.tsx'), 'export default () => <p>;\n');
  assert.equal(ironside(['build', app.dir]).code, 1);
  assert.equal(manifest(), 0);
  app.remove();
});

test('errors as JSON', () => {
  const app = folder({ 'app/layout.tsx': layout, 'app/page.tsx': 'export default () => <p>;\n' });
  const done = ironside(['build', app.dir, '--json']);
  assert.equal(done.code, 1);
  const errors = JSON.parse(done.stdout);
  assert.ok(JSON.stringify(errors).includes('app/page.tsx'));
  app.remove();
});
