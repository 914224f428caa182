// What docs/book shows is what runs: the files of each page are built and served, and its checks are carried out.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serve } from './lib/application.mjs';
import { application, pages, parse, run } from './lib/book.mjs';

for (const page of pages().filter(({ files, checks }) => Object.keys(files).length > 0 || checks.length > 0)) {
  test(`docs/book/${page.name}`, async () => {
    const app = application(page);
    let server;
    try {
      server = await serve(app.dir, { args: ['--workers', '1'] });
      for (const check of page.checks) await run(check, server.base);
    } catch (error) {
      throw new Error(`${error.message}\n${server?.log ?? ''}`, { cause: error });
    } finally {
      await server?.stop();
      app.remove();
    }
  });
}

describe('the form of the pages', () => {
  const text = [
    '<!-- packages: a, @b/c -->',
    '```ts', '// app/x/[id]/route.ts', 'export const GET = 1;', '```',
    '```toml', '# ironside.toml', 'x = 1', '```',
    '```ts', '// just a comment', '```',
    '```console check', '$ echo one two', 'one …', '```', '',
  ].join('\n');

  test('files are named in their first line', () => {
    const page = parse('p.md', text);
    assert.deepEqual(page.files, { 'app/x/[id]/route.ts': 'export const GET = 1;\n', 'ironside.toml': 'x = 1\n' });
    assert.deepEqual(page.packages, ['a', '@b/c']);
  });

  test('a check that prints something else fails, and says where it stands', async () => {
    const [check] = parse('p.md', text).checks;
    await run(check, '');
    await assert.rejects(run({ ...check, code: '$ echo three\none …\n' }, ''), /docs\/book\/p\.md:13/);
    await assert.rejects(run({ language: 'js', code: 'assert.equal(1, 2);', place: '' }, ''));
  });
});
