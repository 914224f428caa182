/**
 * Bundles a fixture of a few files as the compiler would, only much simpler: `rsc` and `ssr` graphs by rolldown, client files as entries,
 * the manifest by hand. Server functions are registered by hand in the fixture.
 */
import type { Manifest, SegmentKind, SegmentNode } from '@ironside/protocol/manifest.ts';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown, type Plugin } from 'rolldown';
import { emptyManifest } from '../support/manifest.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const runtime = join(packages, 'runtime/src');
const fixture = fileURLToPath(new URL('../render-fixture', import.meta.url));

const clientId = (file: string): string => createHash('sha1').update(relative(packages, file)).digest('hex').slice(0, 16);
/** Comments may stand before the directive. */
const isClient = (code: string): boolean => /^(?:\s|\/\*[^]*?\*\/|\/\/.*\n)*['"]use client['"]/.test(code);
const exportsOf = (code: string): string[] => [
  ...Array.from(code.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm), (match) => match[1] as string),
  ...(/^export default/m.test(code) ? ['default'] : []),
];

const transform = (loader: string) => ({
  define: { 'process.env.NODE_ENV': '"production"' },
  jsx: { runtime: 'automatic' as const },
  inject: { __webpack_require__: [loader, '__webpack_require__'] as [string, string], __webpack_chunk_load__: [loader, '__webpack_chunk_load__'] as [string, string] },
});

export type Fixture = { folder: string; manifest: Manifest };

export async function buildFixture(): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'ironside-render-'));
  const clients = new Map<string, string[]>();
  const files = readdirSync(fixture).filter((file) => /\.tsx?$/.test(file));
  const names = files.map((file) => [basename(file).replace(/\.tsx?$/, ''), join(fixture, file)] as const);
  const rsc = await rolldown({
    platform: 'node',
    input: { worker: fileURLToPath(new URL('./worker.ts', import.meta.url)), ...Object.fromEntries(names) },
    resolve: { conditionNames: ['react-server', 'node', 'import', 'default'] },
    transform: transform(join(runtime, 'loader.rsc.ts')),
    plugins: [references('references.rsc.ts'), clientFiles(clients)],
    logLevel: 'silent',
  });
  await rsc.write({ dir: join(folder, 'server/rsc'), format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'c-[hash].mjs' });
  const ssr = await rolldown({
    platform: 'node',
    input: { ssr: join(runtime, 'ssr/entry.ts'), ...Object.fromEntries(Array.from(clients.keys(), (file) => [clientId(file), file])) },
    resolve: { conditionNames: ['node', 'import', 'default'] },
    transform: transform(join(runtime, 'loader.ssr.ts')),
    plugins: [references('references.ssr.ts'), documentRenderer],
    preserveEntrySignatures: 'strict',
    logLevel: 'silent',
  });
  await ssr.write({ dir: join(folder, 'server/ssr'), format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'c-[hash].mjs' });
  const manifest = manifestOf(clients, names.map(([name]) => name));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return { folder, manifest };
}

/** The copy of React's HTML renderer that writes through our encoder, as the compiler makes it. */
export const documentRenderer: Plugin = {
  name: 'document-renderer',
  async resolveId(specifier, importer) {
    const own = importer?.endsWith('?document') ? importer.slice(0, -'?document'.length) : undefined;
    if (specifier === 'ironside:document-renderer') return `${(await this.resolve('react-dom/server.node'))?.id}?document`;
    if (own === undefined) return undefined;
    if (specifier === 'util') return join(runtime, 'ssr/html-text.ts');
    if (!specifier.startsWith('.')) return this.resolve(specifier, own);
    return join(dirname(own), specifier) + (specifier.includes('react-dom-server.node.') ? '?document' : '');
  },
  load: (id) => (id.endsWith('?document') ? { code: readFileSync(id.slice(0, -'?document'.length), 'utf8'), moduleType: 'js' } : undefined),
};

function references(file: string): Plugin {
  return { name: 'references', resolveId: (id) => (id === 'ironside:references' ? join(runtime, file) : null) };
}

/** In the `rsc` graph client files are stand-ins. */
function clientFiles(found: Map<string, string[]>): Plugin {
  return {
    name: 'client-files',
    load(id) {
      if (!/\.tsx?$/.test(id)) return null;
      const code = readFileSync(id, 'utf8');
      if (!isClient(code)) return null;
      const names = exportsOf(code);
      found.set(id, names);
      const lines = names.map((name) => (name === 'default' ? `export default r(${JSON.stringify(clientId(id))}, 'default');` : `export const ${name} = r(${JSON.stringify(clientId(id))}, '${name}');`));
      return { code: `import { clientReference as r } from 'ironside:references';\n${lines.join('\n')}`, moduleType: 'js' };
    },
  };
}

const STYLES: Record<string, string[]> = { 'root.layout': ['/_next/static/css/root.css'], 'search.page': ['/_next/static/css/search.css'] };
const FONTS: Record<string, string[]> = { 'search.page': ['/_next/static/media/sans.woff2'] };

function manifestOf(clients: Map<string, string[]>, names: string[]): Manifest {
  const manifest = emptyManifest();
  manifest.build = 'b1';
  manifest.bootstrap = { worker: 'server/rsc/worker.mjs', ssr: 'server/ssr/ssr.mjs', browser: '/_next/static/chunks/entry.js', preload: ['/_next/static/chunks/react.js'], instrumentationClient: null };
  manifest.config.authInterrupts = true;
  for (const [file, exports] of clients) {
    const id = clientId(file);
    manifest.clients[id] = { file, exports, browser: `/_next/static/chunks/${id}.js`, ssr: `server/ssr/${id}.mjs`, preload: [], styles: [] };
  }
  for (const name of names) {
    const kind = name.split('.').at(-1) as SegmentKind;
    manifest.segments[name] = { kind, chunk: `server/rsc/${name}.mjs`, exports: [], styles: STYLES[name] ?? [], fonts: FONTS[name] ?? [], clients: [], metadataFiles: [], copy: null, contentType: null };
  }
  return manifest;
}

/** A segment with these files and slots. */
export function node(segment: string, files: SegmentNode['files'], slots: Record<string, SegmentNode> = {}, param: SegmentNode['param'] = null): SegmentNode {
  return { segment, param, files, slots };
}

export const leaf = (page: string): SegmentNode => node('__PAGE__', { page });
