/** The routes of the fixture. Their indexes, by name, for jobs. */
import type { Manifest, SegmentNode } from '@ironside/protocol/manifest.ts';
import { leaf, node } from './build.ts';

export type RouteName = 'home' | 'plain' | 'item' | 'late' | 'lateItem' | 'client' | 'form' | 'bound' | 'brokenLayout' | 'slots' | 'search' | 'bareSearch';

export function addRoutes(manifest: Manifest): Record<RouteName, number> {
  const root = (slots: Record<string, SegmentNode>) => node('', { layout: 'root.layout', 'not-found': 'root.not-found' }, slots);
  const page = (path: string, tree: SegmentNode) =>
    manifest.routes.push({
      kind: 'page', path, pattern: [], interceptsFrom: null, tree, file: null, staticParams: false,
      config: { dynamic: null, revalidate: null, dynamicParams: null, fetchCache: null, runtime: null, maxDuration: null },
    }) - 1;
  const id = { kind: 'dynamic', name: 'id' } as const;
  const blog = (files: SegmentNode['files'], child: SegmentNode) => node('blog', { layout: 'blog.layout' }, { children: node('[id]', files, { children: child }, id) });
  manifest.notFound = root({});
  return {
    home: page('/', root({ children: leaf('home.page') })),
    plain: page('/plain', root({ children: node('plain', {}, { children: leaf('plain.page') }) })),
    item: page('/blog/[id]', root({ children: blog({ error: 'item.error', template: 'item.template' }, leaf('item.page')) })),
    late: page('/late/[id]', root({ children: node('late', {}, { children: node('[id]', {}, { children: leaf('late.page') }, id) }) })),
    lateItem: page('/wait/[id]', root({ children: blog({ loading: 'item.loading' }, leaf('item.page')) })),
    client: page('/client/[id]', root({ children: node('client', {}, { children: node('[id]', {}, { children: leaf('client.page') }, id) }) })),
    form: page('/form', root({ children: node('form', {}, { children: leaf('form.page') }) })),
    bound: page('/bound', root({ children: node('bound', {}, { children: leaf('bound.page') }) })),
    search: page('/search', root({ children: node('search', {}, { children: leaf('search.page') }) })),
    bareSearch: page('/bare', root({ children: node('bare', {}, { children: leaf('bare-search.page') }) })),
    brokenLayout: page('/broken', root({ children: node('broken', { layout: 'broken.layout' }, { children: leaf('plain.page') }) })),
    slots: page('/slots', root({ children: leaf('plain.page'), modal: node('@modal', {}, { children: leaf('late.page') }) })),
  };
}

/** What the compiler would have found in `actions.ts`. */
export function addActions(manifest: Manifest): Record<'echo' | 'fail' | 'login' | 'go' | 'missing' | 'hidden' | 'join' | 'sealed' | 'count', string> {
  const id = (byte: string, digit: string): string => byte + digit.repeat(40);
  const ids = { echo: id('7f', 'a'), fail: id('00', 'b'), login: id('40', 'c'), go: id('40', 'd'), missing: id('00', 'e'), hidden: id('00', 'f'), join: id('60', '1'), sealed: id('60', '2'), count: id('7f', '3') };
  for (const [name, own] of Object.entries(ids)) {
    manifest.actions[own] = { file: 'actions.ts', line: 1, column: 1, name, chunk: 'server/rsc/actions.mjs', export: name, sealed: name === 'sealed', reach: name === 'hidden' ? [] : ['browser'] };
  }
  return ids;
}
