/** The real worker with a small application of route handlers, bundled as the compiler's `rsc` graph is. */
import { mkdtempSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { addRoute, emptyManifest } from './manifest.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const runtime = join(packages, 'runtime/src');

export type WorkerBuild = { folder: string; worker: string; tool: string; routes: Record<string, number> };

function clientStandIn(id: string): { code: string; moduleType: 'js' } | null {
  if (!id.startsWith(packages) || !/\.tsx?$/.test(id)) return null;
  const code = readFileSync(id, 'utf8');
  if (!/^(?:\s|\/\*[^]*?\*\/|\/\/.*\n)*['"]use client['"]/.test(code)) return null;
  const names = Array.from(code.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm), (match) => match[1] as string);
  return { code: names.map((name) => `export const ${name} = undefined;`).join('\n'), moduleType: 'js' };
}

/** `handlers` by a word: the source of each `route` file. */
export async function buildWorker(handlers: Record<string, string>, instrumentation?: string): Promise<WorkerBuild> {
  const folder = mkdtempSync(join(tmpdir(), 'ironside-worker-'));
  const manifest = emptyManifest();
  const input: Record<string, string> = { worker: join(runtime, 'main.ts'), tool: join(runtime, 'tool/main.ts') };
  const routes: Record<string, number> = {};
  const source = (name: string, text: string) => {
    const file = join(folder, 'app', `${name}.ts`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    input[name] = file;
  };
  symlinkSync(join(packages, '../node_modules'), join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(handlers)) {
    source(name, text);
    routes[name] = addRoute(manifest, 'handler', name, [{ kind: 'static', name }]);
    manifest.segments[name]!.chunk = `server/rsc/${name}.mjs`;
  }
  if (instrumentation !== undefined) {
    source('instrumentation', instrumentation);
    manifest.instrumentation = 'server/rsc/instrumentation.mjs';
  }
  const loader = join(runtime, 'loader.rsc.ts');
  const bundle = await rolldown({
    platform: 'node', input, logLevel: 'silent',
    resolve: { conditionNames: ['react-server', 'node', 'import', 'default'] },
    plugins: [
      { name: 'references', resolveId: (id) => (id === 'ironside:references' ? join(runtime, 'references.rsc.ts') : null) },
      // Client files are stand-ins in this graph; nothing here renders one.
      { name: 'client-files', load: (id) => clientStandIn(id) },
    ],
    transform: {
      define: { 'process.env.NODE_ENV': '"production"' },
      inject: { __webpack_require__: [loader, '__webpack_require__'], __webpack_chunk_load__: [loader, '__webpack_chunk_load__'] },
    },
  });
  await bundle.write({ dir: join(folder, 'server/rsc'), format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'c-[hash].mjs' });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return { folder, worker: join(folder, 'server/rsc/worker.mjs'), tool: join(folder, 'server/rsc/tool.mjs'), routes };
}
