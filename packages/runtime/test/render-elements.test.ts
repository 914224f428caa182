import { isValidElement, type ReactElement, type ReactNode } from 'react';
import { describe, expect, test } from 'vitest';
import type { SegmentKind, SegmentNode } from '@ironside/protocol/manifest.ts';
import { Slot } from '@ironside/client/slot.tsx';
import type { JobParam } from '../src/job.ts';
import { hashOfId, parseHave } from '../src/render/have.ts';
import { HEAD_SLOT, routeElements, type RouteInput } from '../src/render/route-elements.ts';
import { planRoute } from '../src/render/route-plan.ts';
import type { LoadedSegment } from '../src/render/segment-modules.ts';

const node = (segment: string, kinds: SegmentKind[], slots: Record<string, SegmentNode> = {}, param: SegmentNode['param'] = null): SegmentNode => ({
  segment, param, slots, files: Object.fromEntries(kinds.map((kind) => [kind, `${segment}/${kind}`])),
});
const page = (name = 'p'): SegmentNode => ({ ...node('__PAGE__', []), files: { page: `${name}/page` } });
const fallback = (name = 'd'): SegmentNode => ({ ...node('__DEFAULT__', []), files: { default: `${name}/default` } });
const dynamic = (name: string): SegmentNode['param'] => ({ kind: 'dynamic', name });
const param = (name: string, ...values: string[]): JobParam => ({ name, values, kind: 'd' });

const filesOf = (tree: SegmentNode): [string, SegmentKind][] =>
  [...Object.entries(tree.files).map(([kind, file]) => [file as string, kind as SegmentKind] as [string, SegmentKind]), ...Object.values(tree.slots).flatMap(filesOf)];

/** Every file is a module whose component carries the file's name. */
function modulesOf(tree: SegmentNode, styles: Record<string, string[]>): Map<string, LoadedSegment> {
  return new Map(filesOf(tree).map(([file, kind]) => {
    const component = Object.assign(() => null, { displayName: file });
    return [file, { file, exports: { default: component }, segment: { kind, chunk: '', exports: ['default'], styles: styles[file] ?? [], fonts: [], clients: [], metadataFiles: [], copy: null, contentType: null } }];
  }));
}

function elementsOf(tree: SegmentNode, params: JobParam[] = [], more: Partial<RouteInput> & { path?: string; styles?: Record<string, string[]> } = {}) {
  return routeElements({
    plan: planRoute(tree, params, more.path ?? '/'), modules: modulesOf(tree, more.styles ?? {}), searchParams: Promise.resolve({}),
    have: new Set(), prefetch: false, unmatched: false, assetUrl: (path) => `/base${path}`, ...more,
  });
}

type Props = Record<string, unknown> & { children?: ReactNode };

/** An element as text: `a/layout(children=<Slot children>)`. */
function show(node: unknown): string {
  if (Array.isArray(node)) return node.map(show).join('+');
  if (!isValidElement(node)) return node === null || node === undefined ? 'nothing' : String(node);
  const { type, props } = node as ReactElement<Props>;
  if (type === Slot) return `<${String(props['name'])}>`;
  if (type === 'link') return `link ${String(props['href'])}`;
  const name = typeof type === 'string' ? type : typeof type === 'symbol' ? '' : ((type as { displayName?: string; name?: string }).displayName ?? (type as { name?: string }).name ?? '?');
  const inside = show(props.children);
  const slots = Object.keys(props).filter((key) => isValidElement(props[key]) && key !== 'children').map((key) => `${key}=${show(props[key])}`);
  const all = [...(inside === 'nothing' ? [] : [inside]), ...slots].join(' ');
  return name === '' ? all : `${name}(${all})`;
}

const shown = (slots: Record<string, unknown>): Record<string, string> => Object.fromEntries(Object.entries(slots).map(([id, element]) => [id, show(element)]));

describe('slots', () => {
  const tree = node('', ['layout'], { children: node('blog', ['layout'], { children: node('[slug]', [], { children: page() }, dynamic('slug')), side: node('@side', [], { children: page('s') }) }) });

  test('hold the element of each segment, whose children are stand-ins', () => {
    const { slots, root, tree: shownTree } = elementsOf(tree, [param('slug', 'hello')]);
    expect(root).toBe('L/');
    expect(shown(slots)).toEqual({
      'H': 'nothing',
      'L/': `/layout(<children>+<${HEAD_SLOT}>)`,
      'L/blog': 'blog/layout(<children> side=<side>)',
      'L/blog/[slug]=hello': '<children>',
      'P/blog/[slug]=hello': 'p/page()',
      'L/blog/@side': '<children>',
      'P/blog/@side': 's/page()',
    });
    expect(shownTree.slots?.['children']?.slots?.['children']).toEqual({
      id: 'L/blog/[slug]=hello', segment: 'hello', param: ['slug', 'hello', 'd'], slots: { children: { id: 'P/blog/[slug]=hello', segment: '__PAGE__' } },
    });
    expect(Object.keys(shownTree.slots ?? {})).toEqual(['children', HEAD_SLOT]);
  });

  test('have ids that differ exactly when files or params do', () => {
    const ids = (slug: string) => Object.keys(elementsOf(tree, [param('slug', slug)]).slots);
    expect(ids('a')).toEqual(ids('a'));
    expect(ids('a').filter((own) => !ids('b').includes(own))).toEqual(['L/blog/[slug]=a', 'P/blog/[slug]=a']);
  });

  test('are left out for segments that the client has, never for pages', () => {
    const have = parseHave(['L/', 'L/blog', 'P/blog/[slug]=x'].map(hashOfId).join(','));
    expect(Object.keys(elementsOf(tree, [param('slug', 'x')], { have }).slots)).toEqual(['H', 'L/blog/[slug]=x', 'P/blog/[slug]=x', 'L/blog/@side', 'P/blog/@side']);
  });

  test('of leaves that stand for a default file have an id of their own', () => {
    const other = node('', ['layout'], { children: fallback(), modal: fallback('m') });
    expect(shown(elementsOf(other).slots)).toEqual({ 'H': 'nothing', 'L/': `/layout(<children>+<${HEAD_SLOT}> modal=<modal>)`, 'D/': 'd/default()', 'D/@modal': 'm/default()' });
  });

  test('bring the stylesheets of their files, in the order of the manifest', () => {
    const styles = { '/layout': ['/a.css', '/b.css'], 'p/page': ['/b.css', '/c.css'] };
    const { slots } = elementsOf(node('', ['layout'], { children: page() }), [], { styles });
    expect(show(slots['L/'])).toMatch(/^link \/base\/a\.css\+link \/base\/b\.css\+\/layout/);
    expect(show(slots['P/'])).toBe('link /base/b.css+link /base/c.css+p/page()');
  });

  test('of a root without layout are a document of ours', () => {
    expect(show(elementsOf(node('', ['not-found'], { children: page() })).slots['L/'])).toBe(`html(body(<children>+<${HEAD_SLOT}>))`);
  });

  test('below a group with the root layout have their head there', () => {
    const { root, slots } = elementsOf(node('', [], { children: node('(shop)', ['layout'], { children: page() }) }));
    expect(root).toBe('L/(shop)');
    expect(shown(slots)).toMatchObject({ 'L/': '<children>', 'L/(shop)': `(shop)/layout(<children>+<${HEAD_SLOT}>)` });
  });
});

describe('params', () => {
  const seen = async (tree: SegmentNode, params: JobParam[], path?: string): Promise<unknown[]> => {
    const { slots } = elementsOf(tree, params, path === undefined ? {} : { path });
    const found: unknown[] = [];
    for (const element of Object.values(slots)) if (isValidElement(element)) found.push(await (element.props as Props)['params']);
    return found.filter((value) => value !== undefined);
  };
  const tree = node('', ['layout'], { children: node('[a]', ['layout'], { children: node('[b]', ['layout'], { children: page() }, dynamic('b')) }, dynamic('a')) });

  test('are those of the segment and the ones around it, as in the URL', async () => {
    expect(await seen(tree, [param('a', 'x%20y'), param('b', 'z')])).toEqual([{}, { a: 'x%20y' }, { a: 'x%20y', b: 'z' }, { a: 'x%20y', b: 'z' }]);
  });

  test('of an optional catch-all that matched nothing are absent', async () => {
    const optional = node('', ['layout'], { children: node('[[...rest]]', [], { children: page() }, { kind: 'optional-catch-all', name: 'rest' }) });
    expect(await seen(optional, [{ name: 'rest', values: [], kind: 'oc' }])).toEqual([{}, {}]);
    expect(await seen(optional, [{ name: 'rest', values: ['a', 'b'], kind: 'oc' }])).toEqual([{}, { rest: ['a', 'b'] }]);
  });

  test('that only a slot names come from the place in the path', async () => {
    const slots = node('', ['layout'], { children: page(), side: node('@side', [], { children: node('shop', [], { children: node('[item]', [], { children: page('s') }, dynamic('item')) }) }) });
    expect(await seen(slots, [], '/shop/42')).toEqual([{}, {}, { item: '42' }]);
  });
});

describe('parts', () => {
  test('are what stands around the children of a segment', () => {
    const { parts } = elementsOf(node('', ['layout', 'not-found', 'forbidden', 'unauthorized'], { children: node('a', ['loading', 'error', 'template'], { children: page() }) }));
    expect(Object.keys(parts)).toEqual(['L/', 'L/a']);
    expect(Object.keys(parts['L/'] ?? {})).toEqual(['notFound', 'forbidden', 'unauthorized']);
    expect(show(parts['L/a']?.loading)).toBe('a/loading()');
    expect(show(parts['L/a']?.template)).toBe('a/template(TemplateChildren())');
    expect((parts['L/a']?.error as { displayName?: string }).displayName).toBe('a/error');
  });
});

describe('a prefetch', () => {
  const tree = (kinds: SegmentKind[]) => node('', ['layout'], { children: node('a', ['layout', ...kinds], { children: node('b', ['layout'], { children: page() }), side: fallback() }) });

  test('stops at the first loading file', () => {
    expect(Object.keys(elementsOf(tree(['loading']), [], { prefetch: true }).slots)).toEqual(['H', 'L/', 'L/a']);
  });

  test('without one has nothing but the tree', () => {
    const { slots, parts, tree: whole } = elementsOf(tree([]), [], { prefetch: true });
    expect([Object.keys(slots), parts]).toEqual([['H'], {}]);
    expect(whole.slots?.['children']?.slots?.['children']?.slots?.['children']?.id).toBe('P/a/b');
  });
});

describe('instead of the page', () => {
  test('a URL that nothing matches shows the innermost not-found file', () => {
    const { slots } = elementsOf(node('', ['layout', 'not-found'], { children: node('__PAGE__', []) }), [], { unmatched: true });
    expect(show(slots['P/'])).toContain('/not-found()');
  });

  test('an error can stand, which the page’s boundaries then show', () => {
    const error = new Error('not today');
    const { slots } = elementsOf(node('', ['layout'], { children: page() }), [], { instead: { error } });
    const { type, props } = slots['P/'] as ReactElement<Props>;
    expect(() => (type as (own: Props) => unknown)(props)).toThrow(error);
  });

  test('a file without a component names itself and says what it lacks', () => {
    const tree = node('', ['layout'], { children: page() });
    const modules = modulesOf(tree, {});
    modules.set('p/page', { ...(modules.get('p/page') as LoadedSegment), exports: { default: { not: 'a component' } } });
    expect(() => elementsOf(tree, [], { modules })).toThrow(/The page p\/page exports an object by default.*React component/);
  });
});

test('the header with hashes takes at most 64, and nothing that is no hash', () => {
  expect([...parseHave('00ab, FF ,xyz,123456789,,')]).toEqual(['ab', 'ff']);
  expect(parseHave(Array.from({ length: 100 }, (_, index) => index.toString(16)).join(',')).size).toBe(64);
  expect(hashOfId('')).toBe('811c9dc5');
  expect(hashOfId('a')).toBe('e40c292c');
});

