import { describe, expect, it } from 'vitest';
import { BadFieldName, fieldsOf, pathText } from '../src/actions/form-fields.ts';
import { oldInput } from '../src/actions/old-input.ts';

function form(...fields: [name: string, value: string | File][]): FormData {
  const made = new FormData();
  for (const [name, value] of fields) made.append(name, value);
  return made;
}

describe('the fields of a form', () => {
  it('are nested as their names say', () => {
    const { value } = fieldsOf(form(['title', 'a'], ['user.name', 'Ann'], ['user.tags[]', 'x'], ['items[0].id', '1'], ['items[1].id', '2'], ['items[1].size[w]', '3']));
    expect(value).toEqual({ title: 'a', user: { name: 'Ann', tags: ['x'] }, items: [{ id: '1' }, { id: '2', size: { w: '3' } }] });
  });

  it('are lists where a name repeats or ends in []', () => {
    expect(fieldsOf(form(['tag', 'a'], ['tag', 'b'], ['one[]', 'a'], ['single', 'a'])).value).toEqual({ tag: ['a', 'b'], one: ['a'], single: 'a' });
  });

  it('have no gaps in lists, in the order of their indexes', () => {
    const { value, names } = fieldsOf(form(['items[7].id', 'last'], ['items[2].id', 'first']));
    expect(value).toEqual({ items: [{ id: 'first' }, { id: 'last' }] });
    expect(names.get('items[1].id')).toBe('items[7].id');
  });

  it('keep files, and leave out a file input where nothing was chosen', () => {
    const file = new File(['x'], 'x.txt');
    expect(fieldsOf(form(['a', file], ['b', new File([], '')])).value).toEqual({ a: file });
  });

  it('are not those of React or of idempotency keys', () => {
    expect(fieldsOf(form(['$ACTION_ID_00', ''], ['$ACTION_1:0', '{}'], ['$idempotencyKey', 'k'], ['$price', '1'])).value).toEqual({ $price: '1' });
  });

  it.each(['__proto__', '__proto__.x', 'a.__proto__.x', 'a[constructor]', 'prototype'])('cannot be named %s', (name) => {
    expect(() => fieldsOf(form([name, 'x']))).toThrow(BadFieldName);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it.each([
    [['a', 'a.b']], [['a.b', 'a[0]']], [['a[0]', 'a.b']], [['a.b', 'a']],
  ])('cannot contradict each other: %j', (names) => {
    expect(() => fieldsOf(form(...names.map((name): [string, string] => [name, 'x'])))).toThrow(BadFieldName);
  });

  it('are bounded in depth and index', () => {
    expect(() => fieldsOf(form([Array.from({ length: 40 }, () => 'a').join('.'), 'x']))).toThrow(BadFieldName);
    expect(() => fieldsOf(form(['a[99999999]', 'x']))).toThrow(BadFieldName);
  });

  it('whose names are no path are taken as they are', () => {
    expect(fieldsOf(form(['a..b', '1'], ['[x', '2'], ['', '3'])).value).toEqual({ 'a..b': '1', '[x': '2', '': '3' });
  });

  it('have one text for a path', () => {
    expect(pathText(['items', 0, 'user', 'name'])).toBe('items[0].user.name');
  });
});

describe('what was typed', () => {
  it('is given back without secrets and files', () => {
    const typed = form(
      ['email', 'a@b'], ['password', 'p'], ['newPassword', 'p'], ['user.pin', '1'], ['card-number', '4'], ['cvc', '1'], ['apiKey', 'k'], ['csrf_token', 't'],
      ['file', new File(['x'], 'x')], ['$ACTION_ID_1', ''], ['$idempotencyKey', 'k'], ['health.note', 'n'], ['tag', 'a'], ['tag', 'b'], ['one[]', 'a'], ['shipping', 'ok'],
    );
    expect(oldInput(typed, ['health'])).toEqual({ email: 'a@b', tag: ['a', 'b'], 'one[]': ['a'], shipping: 'ok' });
  });

  it('is left out where it is too much', () => {
    expect(oldInput(form(['a', 'x'.repeat(200_000)], ['b', 'y']), [])).toEqual({ b: 'y' });
  });
});
