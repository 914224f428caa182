/** React writes a document through our encoder: the same bytes as with Node's, and never one document's text in another. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown, type Plugin } from 'rolldown';
import { beforeAll, describe, expect, test } from 'vitest';
import type * as React from 'react';
import type * as Server from 'react-dom/server.node';
import type { DocumentSink } from '../src/ssr/document.tsx';
import type * as HtmlText from '../src/ssr/html-text.ts';
import { documentRenderer } from './render-support/build.ts';

type Bundle = typeof Server & Pick<typeof React, 'createElement' | 'Suspense' | 'use'> & Partial<typeof HtmlText> & { asItIs?: typeof Server.renderToPipeableStream };

const source = fileURLToPath(new URL('../src/ssr/html-text.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ironside-html-text-'));

async function bundle(name: string, renderers: string, plugins: Plugin[]): Promise<Bundle> {
  const input = fileURLToPath(new URL(`../${name}.virtual.mjs`, import.meta.url));
  const code = `export { createElement, Suspense, use } from 'react'; ${renderers}`;
  const entry: Plugin = { name: 'entry', resolveId: (id) => (id === input ? id : undefined), load: (id) => (id === input ? code : undefined) };
  const built = await rolldown({ platform: 'node', input, plugins: [entry, ...plugins], transform: { define: { 'process.env.NODE_ENV': '"production"' } }, logLevel: 'silent' });
  const { output } = await built.generate({ format: 'esm' });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, output[0].code);
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Bundle;
}

let native: Bundle;
let ours: Bundle;
beforeAll(async () => {
  native = await bundle('native', "export { renderToPipeableStream } from 'react-dom/server.node';", []);
  const both = `export { renderToPipeableStream } from 'ironside:document-renderer'; export { renderToPipeableStream as asItIs } from 'react-dom/server.node';
    export { TextDestination } from ${JSON.stringify(source)};`;
  ours = await bundle('ours', both, [documentRenderer]);
}, 60_000);

/** Collects what is written; `full` tells whether there is room after a write. */
class Collector implements DocumentSink {
  html = '';
  flushes = 0;
  ended: Promise<void>;
  #end: () => void = () => undefined;
  constructor(readonly onWrite: (html: string) => boolean = () => true) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }
  write(html: string): boolean {
    this.html += html;
    return this.onWrite(html);
  }
  flush(): void {
    this.flushes++;
  }
  end(): void {
    this.#end();
  }
  on(): void {}
  destroy(): void {
    this.#end();
  }
}

/** A document with everything that React writes in a way of its own. `later` resolves in any order. */
function page({ createElement: h, Suspense, use }: Bundle, mark: string, later: Promise<string>[]) {
  const Late = ({ text }: { text: Promise<string> }) => h('p', { title: `"${mark}"` }, use(text));
  const long = `${mark} <&> ä€😀 `.repeat(600);
  return h('html', null, h('head', null, h('title', null, mark)), h('body', null,
    h('main', { className: mark, 'data-a': 'ü"\'<' }, long, 'short', 'ÿ', '€', '😀', 1, h('input', { defaultValue: mark })),
    ...Array.from({ length: 80 }, (_, at) => h('span', { key: at, id: `${mark}-${at}` }, `${mark} ${at} `.repeat(at % 7))),
    ...later.map((text, at) => h(Suspense, { key: `s${at}`, fallback: h('i', null, 'waits') }, h(Late, { text }))),
  ));
}

function delayed(mark: string): Promise<string>[] {
  return [20, 5, 12].map((time, at) => new Promise((resolve) => setTimeout(() => resolve(`${mark} late ${at} ${'ß'.repeat(2000 * at)}`), time)));
}

function render(bundle: Bundle, mark: string, sink: Collector): Promise<void> {
  const { pipe } = bundle.renderToPipeableStream(page(bundle, mark, delayed(mark)), {
    onShellReady: () => void pipe(new ours.TextDestination!(sink) as unknown as NodeJS.WritableStream),
    onError: () => 'digest',
  });
  return sink.ended;
}

describe('the text of a document', () => {
  test('is the same as with the encoder of Node', async () => {
    const [a, b] = [new Collector(), new Collector()];
    await Promise.all([render(native, 'one', a), render(ours, 'one', b)]);
    expect(b.html.length).toBeGreaterThan(20_000);
    expect(b.html).toBe(a.html);
    expect(b.flushes).toBeGreaterThan(1);
  });

  test('is the same while others are written', async () => {
    const marks = ['first', 'second', 'third', 'fourth'];
    const wanted = marks.map(() => new Collector());
    const found = marks.map(() => new Collector());
    for (const [at, mark] of marks.entries()) await render(native, mark, wanted[at] as Collector);
    await Promise.all(marks.map((mark, at) => render(ours, mark, found[at] as Collector)));
    for (const [at, sink] of found.entries()) expect(sink.html).toBe(wanted[at]?.html);
  });

  test('is not what an application writes that renders something itself meanwhile', async () => {
    const [mine, other] = [new Collector(), new Collector()];
    const [wantedMine, wantedOther] = [new Collector(), new Collector()];
    const alone = new PassThrough();
    const read = (async () => {
      for await (const chunk of alone) other.html += String(chunk);
    })();
    const { pipe } = ours.asItIs!(page(ours, 'alone', delayed('alone')), { onShellReady: () => void pipe(alone) });
    await Promise.all([render(ours, 'mine', mine), read, render(native, 'mine', wantedMine), render(native, 'alone', wantedOther)]);
    expect(mine.html).toBe(wantedMine.html);
    expect(other.html).toBe(wantedOther.html);
  });

  test('does not come into another one when its reader breaks off or throws', async () => {
    const wanted = new Collector();
    await render(native, 'other', wanted);
    for (const onWrite of [
      () => false,
      (): boolean => {
        throw new Error('The reader is gone.');
      },
    ]) {
      const broken = new Collector(onWrite);
      void render(ours, 'secret', broken);
      const sink = new Collector();
      await render(ours, 'other', sink);
      expect(sink.html).toBe(wanted.html);
    }
  });
});
