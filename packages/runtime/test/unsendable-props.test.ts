import { beforeEach, describe, expect, test } from 'vitest';
import { reportError } from '../src/errors.ts';
import { jsx, jsxs } from '../src/jsx-runtime.rsc.ts';
import { setLogSink } from '../src/log.ts';
import { setTestApp } from './support/app.ts';
import { emptyManifest } from './support/manifest.ts';
import { inRequest, testStore } from './support/store.ts';

const component = (name: string) =>
  Object.assign(() => null, { $$typeof: Symbol.for('react.client.reference'), $$id: `c1#${name}` });
const Button = component('Button');

class Money {
  constructor(readonly amount: number) {}
}

let logged: string[];

beforeEach(() => {
  const client = { file: 'app/button.tsx', exports: [], browser: '', ssr: '', preload: [], styles: [] };
  setTestApp({ ...emptyManifest(), clients: { c1: client } });
  logged = [];
  setLogSink((_level, _target, message) => void logged.push(message));
});

/** What the log says of a render that makes these elements and fails. */
function told(render: () => unknown): string {
  return inRequest(testStore('render'), () => {
    render();
    reportError(new Error('cannot be passed'), 'render');
    return logged.join('\n');
  });
}

describe('the log of a failed render names', () => {
  test('the component, its file, the prop, and the line that gave it', () => {
    function Page() {
      return jsx(Button, { label: 'x', onPress: () => 1 });
    }
    const text = told(Page);
    expect(text).toMatch(/^cannot be passed\n/);
    expect(text).toContain('The prop `onPress` of <Button> of app/button.tsx is a function');
    expect(text).toMatch(/at Page .*unsendable-props\.test\.ts:\d+:\d+/);
    expect(text).toContain("'use server'");
    expect(text).not.toContain('label');
  });

  test('instances by their class, and objects without prototype', () => {
    const text = told(() => jsxs(Button, { price: new Money(3), bare: Object.create(null) as unknown }));
    expect(text).toContain('`price` of <Button> of app/button.tsx is an instance of the class Money');
    expect(text).toContain('`bare` of <Button> of app/button.tsx is an object without prototype');
  });

  test('a default export as such', () => {
    expect(told(() => jsx(component('default'), { children: () => null }))).toContain('`children` of the default export of app/button.tsx');
  });
});

describe('nothing is said', () => {
  test('of what can be sent', () => {
    const action = Object.assign(() => Promise.resolve(), { $$typeof: Symbol.for('react.server.reference'), $$id: 'a' });
    const values = {
      action, other: Button, text: 'x', none: null, list: [1], plain: { a: 1 }, map: new Map(), set: new Set(), date: new Date(), form: new FormData(),
      bytes: new Uint8Array(1), buffer: new ArrayBuffer(1), blob: new Blob([]), later: Promise.resolve(1), stream: new ReadableStream(),
      error: new RangeError('x'), each: [1].values(), element: jsx('p', {}),
    };
    expect(told(() => jsx(Button, values))).toBe('cannot be passed');
  });

  test('of elements and server components, which may be given anything', () => {
    expect(told(() => [jsx(() => null, { render: () => 1 }), jsx('p', { title: 'x' })])).toBe('cannot be passed');
  });

  test('outside of a request', () => {
    expect(() => jsx(Button, { onPress: () => 1 })).not.toThrow();
  });
});
