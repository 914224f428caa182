import { describe, expect, it } from 'vitest';
import { firstChanged, merge, originsOf, restore, segmentIds } from '../src/router/merge.ts';
import type { View } from '../src/view.ts';
import { PATHS, answer, chance, firstView, flawsOf, idsOf } from './site.ts';

const merged = (current: View, payload: Parameters<typeof merge>[1], number = 1): View => {
  const result = merge(current, payload, { number, hold: 'hold' });
  if (result.kind !== 'view') throw new Error(`no view but ${JSON.stringify(result)}`);
  return result.view;
};

describe('merging a payload', () => {
  it('keeps the layouts that the payload leaves out, as the same objects', () => {
    const layout = { an: 'element' } as never;
    const first: View = { ...firstView('/a/x'), slots: { ...firstView('/a/x').slots, 'L/a': layout } };
    const view = merged(first, answer({ path: '/a/y', search: '', have: ['L/', 'L/a'] }));
    expect(view.slots['L/a']).toBe(layout);
    expect(Object.keys(view.slots)).toEqual(['L/', 'L/a', 'L/a/y', 'P/a/y']);
  });

  it('keeps layouts also over a payload that leaves nothing out, unless that is to bring what is new', () => {
    const layout = { an: 'element' } as never;
    const first: View = { ...firstView('/a/x'), slots: { ...firstView('/a/x').slots, 'L/a': layout } };
    const whole = answer({ path: '/a/y', search: '' });
    const going = merge(first, whole, { number: 1, keepLayouts: true });
    expect(going).toMatchObject({ kind: 'view', view: { slots: { 'L/a': layout, 'P/a/y': 'P/a/y' } } });
    expect(merged(first, whole).slots['L/a']).toBe('L/a');
  });

  it('does not keep, nor say that it has, a layout for which a loading shell stands', () => {
    const shell = merged(firstView('/'), answer({ path: '/b/1', search: '', partial: true }));
    expect(shell.slots['L/b/1']).toBe('hold');
    expect(segmentIds(shell)).toEqual(['L/', 'L/b']);
    const page = merge(shell, answer({ path: '/b/1', search: '' }), { number: 2, keepLayouts: true });
    expect(page).toMatchObject({ kind: 'view', view: { slots: { 'L/b/1': 'L/b/1' }, held: [] } });
    expect(merge(shell, answer({ path: '/b/1', search: '', have: ['L/', 'L/b', 'L/b/1'] }), { number: 2 })).toEqual({ kind: 'missing', ids: ['L/b/1'] });
  });

  it('names what is missing when the payload leaves out what is not there', () => {
    expect(merge(firstView('/b'), answer({ path: '/a/y', search: '', have: ['L/', 'L/a'] }), { number: 1 })).toEqual({ kind: 'missing', ids: ['L/a'] });
  });

  it('does not take the page that is shown for one of another search that is still to come', () => {
    const shell = merged(firstView('/b/1'), answer({ path: '/b/1', search: '?q=1', have: ['L/'], partial: true }));
    expect(shell.slots['P/b/1']).toBe('hold');
  });

  it('takes a partial payload only if a loading file stands above what is missing', () => {
    const partial = { ...answer({ path: '/a/x', search: '' }), partial: true as const };
    delete partial.slots['P/a/x'];
    expect(merge(firstView('/'), partial, { number: 1, hold: 'hold' })).toEqual({ kind: 'missing', ids: ['P/a/x'] });
    expect(merge(firstView('/'), answer({ path: '/b/1', search: '', partial: true }), { number: 1, hold: 'hold' })).toMatchObject({ kind: 'view', shell: true });
  });

  it('asks for a document load of another build, and of another root layout', () => {
    const payload = answer({ path: '/a', search: '' });
    expect(merge(firstView('/'), { ...payload, build: 'b2' }, { number: 1 })).toEqual({ kind: 'document', reason: 'build' });
    expect(merge(firstView('/'), { ...payload, root: 'L/other' }, { number: 1 })).toEqual({ kind: 'document', reason: 'root' });
  });

  it('keeps what a slot shows that the new URL does not match', () => {
    const over = merged(firstView('/pics'), answer({ path: '/pics/1', search: '', from: '/pics' }));
    expect(idsOf(over.tree)).toEqual(['L/', 'L/pics', 'P/pics', 'L/pics@modal/(.)1', 'P/pics@modal/1']);
    expect(flawsOf(over)).toEqual([]);
  });

  it('knows under which URL what it keeps is to be asked for, as long as it is kept', () => {
    const first = { ...firstView('/pics'), url: { path: '/pics', search: '?k=1', route: '/pics' } };
    const over = merged(first, answer({ path: '/pics/1', search: '', from: '/pics' }));
    expect(over.origins).toEqual({ 'P/pics': { path: '/pics', search: '?k=1', from: undefined } });
    const next = merged(over, answer({ path: '/pics/2', search: '', from: '/pics' }), 2);
    expect(originsOf(next)).toEqual([{ path: '/pics', search: '?k=1', from: undefined }]);
    expect(merged(next, answer({ path: '/pics', search: '' }), 3).origins).toEqual({ 'L/pics@modal/(.)2': { path: '/pics/2', search: '', from: undefined } });
    expect(merged(next, answer({ path: '/a', search: '' }), 3).origins).toEqual({});
  });

  it('renews what it keeps if it was asked for too, and only that', () => {
    const over = merged(firstView('/pics'), answer({ path: '/pics/1', search: '', from: '/pics' }));
    const [origin] = originsOf(over);
    if (!origin) throw new Error('nothing is kept');
    const whole = answer({ path: '/pics', search: '' });
    const beside = [{ origin, payload: { ...whole, slots: { ...whole.slots, 'P/pics': 'new page', 'L/pics': 'not this' } } }];
    const fresh = answer({ path: '/pics/1', search: '', from: '/pics' });
    const renewed = merge(over, fresh, { number: 2, beside });
    if (renewed.kind !== 'view') throw new Error(renewed.kind);
    expect(idsOf(renewed.view.tree)).toEqual(idsOf(over.tree));
    expect([renewed.view.slots['P/pics'], renewed.view.slots['L/pics']]).toEqual(['new page', 'L/pics']);
    expect(originsOf(renewed.view)).toEqual([origin]);
    const elsewhere = merge(over, fresh, { number: 2, beside: beside.map((one) => ({ ...one, origin: { ...origin, search: '?other' } })) });
    expect(elsewhere.kind === 'view' && elsewhere.view.slots['P/pics']).toBe('P/pics');
  });

  it('keeps the params object while the params are the same, so that effects do not run again', () => {
    const first = { ...firstView('/a'), params: { a: 'x', b: ['y', 'z'] } };
    expect(merged(first, { ...answer({ path: '/a', search: '' }), params: { a: 'x', b: ['y', 'z'] } }).params).toBe(first.params);
    expect(merged(first, { ...answer({ path: '/a', search: '' }), params: { a: 'x', b: ['y,z'] } }).params).not.toBe(first.params);
  });

  it('never makes a view that lacks a slot or shows one under another id, whatever comes in whatever order', () => {
    const pick = chance(7);
    let view = firstView('/');
    const earlier: View[] = [view];
    for (let number = 1; number < 4000; number++) {
      const path = PATHS[pick(PATHS.length)] ?? '/';
      if (pick(5) === 0) {
        view = restore(earlier[pick(earlier.length)] ?? view, view, number);
      } else {
        const have = [segmentIds(view), ['L/', 'L/b', 'L/pics'], []][pick(3)];
        const from = pick(2) === 0 ? view.url.path : undefined;
        const result = merge(view, answer({ path, search: '', have, from, partial: pick(3) === 0 }), { number, hold: 'hold' });
        if (result.kind === 'view') view = result.view;
      }
      expect(flawsOf(view)).toEqual([]);
      earlier.push(view);
      if (earlier.length > 20) earlier.shift();
    }
  });
});

describe('the slot that a navigation scrolls to', () => {
  it.each([
    ['/a/x', '/a/y', 'L/a/y'],
    ['/a', '/b', 'L/b'],
    ['/a', '/a', 'P/a'],
    ['/', '/a', 'L/a'],
  ])('from %s to %s is %s', (from, to, id) => {
    expect(firstChanged(firstView(from).tree, firstView(to).tree)).toBe(id);
  });

  it('is the modal that opened', () => {
    const before = firstView('/pics');
    expect(firstChanged(before.tree, merged(before, answer({ path: '/pics/1', search: '', from: '/pics' })).tree)).toBe('L/pics@modal/(.)1');
  });
});
