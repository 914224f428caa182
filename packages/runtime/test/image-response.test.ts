import { createElement as h, Fragment, lazy, memo, Suspense } from 'react';
import { describe, expect, test } from 'vitest';
import { plainTree } from '../src/image-response/element-tree.ts';
import { failingElement } from '../src/image-response/failing-element.ts';
import { canvasOf } from '../src/image-response/options.ts';
import { checkPictures, pixelSize } from '../src/image-response/picture-guard.ts';

describe('elements as plain data', () => {
  test('components are called, fragments opened, what cannot be drawn is left out', async () => {
    const Name = async ({ of }: { of: string }) => h('b', { onClick: () => undefined, tw: 'flex' }, of);
    const Kept = memo(({ children }: { children?: unknown }) => h(Fragment, null, children as string, null, false, 7));
    const Later = lazy(async () => ({ default: () => 'late' }));
    const tree = await plainTree(h('div', { style: { color: 'red', width: 5, skipped: () => 1 }, ref: null }, h(Name as never, { of: 'Ada' }), [h(Kept, { key: 1 }, 'x')], h(Suspense, null, h(Later))));
    expect(tree).toEqual({
      type: 'div',
      props: { style: { color: 'red', width: 5 }, children: [{ type: 'b', props: { tw: 'flex', children: ['Ada'] } }, 'x', '7', 'late'] },
    });
  });

  test('bytes of a picture are copied out of the buffer that they lie in', async () => {
    const pool = Buffer.from('..abc..');
    const tree = await plainTree(h('img', { src: pool.subarray(2, 5) as never }));
    expect(Buffer.from(tree.props['src'] as ArrayBuffer).toString()).toBe('abc');
  });

  test.each([
    ['a client component', h(Object.assign(() => null, { $$typeof: Symbol.for('react.client.reference'), $$id: 'f00#Button' })), /<Button> is a client component/],
    ['HTML as text', h('p', null, h('i', { dangerouslySetInnerHTML: { __html: 'x' } })), /dangerouslySetInnerHTML.*\(in <p> › <i>\)/],
    ['a plain object', h('p', null, { a: 1 } as never), /an object \(a\) is no element.*\(in <p>\)/],
    ['nothing', null, /nothing to draw/],
  ])('%s is refused by name', async (_, element, message) => {
    await expect(plainTree(element)).rejects.toThrow(message);
  });

  test('a hook in a component is named with its place', async () => {
    const Card = () => { throw new TypeError("Cannot read properties of null (reading 'useState')"); };
    await expect(plainTree(h('main', null, h(Card)))).rejects.toThrow(/the hook `useState`.*\(in <main> › <Card>\)/);
  });

  test('a tree that never ends is stopped', async () => {
    const Again = (): never => h('div', null, h(Again)) as never;
    await expect(plainTree(h(Again))).rejects.toThrow(/nested more than 400 deep/);
    await expect(plainTree(h('div', null, Array.from({ length: 30_000 }, () => 'x')))).rejects.toThrow(/more than 20000 nodes/);
  });
});

test('of a drawing that fails, the innermost element that fails in the same way is named', async () => {
  const bad = { type: 'p', props: { id: 'it', children: ['x'] } };
  const other = { type: 'i', props: { children: [] } };
  const tree = { type: 'div', props: { children: [other, { type: 'section', props: { children: ['text', other, bad] } }] } };
  const write = async (element: object): Promise<string> => {
    if (JSON.stringify(element).includes('"it"')) throw new Error('wrong colour.');
    return '';
  };
  const error = await failingElement(tree, new Error('wrong colour.'), write);
  expect(error.message).toBe('ImageResponse: wrong colour (in <div> › <section> › <p id="it">).');
});

test.each([
  [{ width: 0 }, /`width` is 0/],
  [{ height: 9000 }, /`height` is 9000/],
  [{ width: 8000, height: 8000 }, /64000000 pixels; at most 16777216/],
  [{ width: Number.NaN }, /`width` is NaN/],
  [{ fonts: [{ name: '', data: new ArrayBuffer(4) }] }, /fonts\[0\] has no `name`/],
  [{ fonts: [{ name: 'A', data: Promise.resolve() as never }] }, /Was a promise not awaited/],
  [{ fonts: [{ name: 'A', data: new TextEncoder().encode('<html>') }] }, /is no font file/],
])('options that cannot be met are refused by name: %j', (options, message) => {
  expect(() => canvasOf(options)).toThrow(message);
});

describe('pictures inside', () => {
  const gif = Buffer.from('474946383961e803d007', 'hex');
  const jpeg = Buffer.from('ffd8ffe00004aaaaffc40003aaffc000110803e807d003', 'hex');
  const webp = Buffer.concat([Buffer.from('RIFF....WEBPVP8X', 'latin1'), Buffer.from('0a000000000000000f0000070000', 'hex'), Buffer.alloc(4)]);

  test('their sizes are read from their headers', () => {
    expect(pixelSize(gif)).toEqual({ width: 1000, height: 2000 });
    expect(pixelSize(jpeg)).toEqual({ width: 2000, height: 1000 });
    expect(pixelSize(webp)).toEqual({ width: 16, height: 8 });
    expect(pixelSize(Buffer.from('ffd8ffe0', 'hex'))).toBeUndefined();
    expect(pixelSize(Buffer.from('text'))).toBeUndefined();
  });

  test('together they may have so many pixels', () => {
    const image = `<image href="data:image/gif;base64,${gif.toString('base64')}"/>`;
    expect(() => checkPictures(image.repeat(20))).not.toThrow();
    expect(() => checkPictures(image.repeat(21))).toThrow(/1000 × 2000 pixels; all together may have 40000000/);
  });
});
