/** `request.formData()`: multipart and urlencoded bodies, however they are cut, and what is wrong with them. */
import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { FormError } from '../src/form/form-error.ts';
import { formLimits, setFormLimits } from '../src/form/form-limits.ts';
import { readForm } from '../src/form/read-form.ts';
import { endJob } from '../src/job-end.ts';
import { searchParamsPromise } from '../src/render/search-params.ts';
import { testStore } from './support/store.ts';

const usual = formLimits();
afterEach(() => setFormLimits(usual));

const type = 'multipart/form-data; boundary=xYz';
const lines = (...parts: string[]) => Buffer.from(parts.join('\r\n'));
const field = (name: string, value: string) => ['--xYz', `Content-Disposition: form-data; name="${name}"`, '', value];
const file = (name: string, filename: string, value: string, kind = 'application/x-thing') =>
  ['--xYz', `Content-Disposition: form-data; name="${name}"; filename="${filename}"`, `Content-Type: ${kind}`, '', value];

function stream(bytes: Uint8Array, size = bytes.length || 1): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += size));
    },
  });
}
const read = (bytes: Uint8Array, contentType = type, size?: number) => readForm(stream(bytes, size), contentType, testStore('handler'));

function openSpools(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('ironside-form-');
    } catch {
      return false;
    }
  }).length;
}

describe('a multipart form', () => {
  const whole = lines(
    'a preamble that nobody reads',
    ...field('a', 'one'), ...field('a', 'two\r\n--xY not the boundary'), ...field('empty', ''),
    ...file('f', 'na\u00efve %22x%22.txt', 'line\r\n\r\nline', 'text/x-two'), ...file('none', '', '', 'application/octet-stream'),
    '--xYz--', 'an epilogue',
  );

  test('is the same wherever it is cut', async () => {
    for (let size = 1; size <= whole.length; size += size < 40 ? 1 : 37) {
      const form = await read(whole, type, size);
      expect(form.getAll('a'), `pieces of ${size}`).toEqual(['one', 'two\r\n--xY not the boundary']);
      expect(form.get('empty')).toBe('');
      const given = form.get('f') as File;
      expect([given.name, given.type, await given.text()]).toEqual(['na\u00efve "x".txt', 'text/x-two', 'line\r\n\r\nline']);
      const none = form.get('none') as File;
      expect([none.name, none.size]).toEqual(['', 0]);
    }
  });

  test('as Node writes one is read back', async () => {
    const form = new FormData();
    form.append('text', 'a\nb "c"');
    form.append('na"me\r\n', 'v');
    form.append('file', new File([Buffer.alloc(200_000, 'q')], 'q.bin', { type: 'image/png' }));
    const response = new Response(form);
    const again = await readForm(response.body as ReadableStream<Uint8Array>, response.headers.get('content-type') ?? '', testStore('handler'));
    expect([...again.keys()]).toEqual([...form.keys()]);
    expect((again.get('file') as File).size).toBe(200_000);
    expect(again.get('na"me\r\n')).toBe('v');
  });

  test('names a file as RFC 8187 has it', async () => {
    const bytes = lines('--xYz', "Content-Disposition: form-data; name=f; filename=\"x\"; filename*=UTF-8''%e2%82%ac.txt", '', 'v', '--xYz--', '');
    expect(((await read(bytes)).get('f') as File).name).toBe('\u20ac.txt');
  });

  test('may be empty', async () => {
    expect([...await read(lines('--xYz--', ''))]).toEqual([]);
  });

  test.each([
    ['broken off in a field', lines(...field('a', 'on')), /before its last boundary/],
    ['broken off in a head', lines('--xYz', 'Content-Dispo'), /before its last boundary/],
    ['with no body at all', Buffer.alloc(0), /before its last boundary/],
    ['with another boundary', Buffer.from(`--other\r\n${'x'.repeat(40_000)}`), /does not begin with the boundary/],
    ['with junk behind a boundary', lines('--xYzjunk', ...field('a', 'b'), '--xYz--'), /not followed by the end of the line/],
    ['with a part that has no name', lines('--xYz', 'Content-Disposition: form-data', '', 'v', '--xYz--'), /name="…"/],
    ['with a part without headers', lines('--xYz', '', 'v', '--xYz--'), /name="…"/],
    ['with a header without a name', lines('--xYz', ': x', '', 'v', '--xYz--'), /has no name/],
    ['with endless headers', lines('--xYz', `X: ${'x'.repeat(40_000)}`), /bytes of headers/],
    ['with two names of one part', lines('--xYz', 'Content-Disposition: form-data; name="a"', 'Content-Disposition: form-data; name="b"', '', 'x', '--xYz--'), /two Content-Disposition/],
    ['with a bare CR in the headers of a part', lines('--xYz', 'Content-Disposition: form-data; name="a"\rX: y', '', 'x', '--xYz--'), /control character/],
  ])('%s is refused with the reason', async (_, bytes, reason) => {
    for (const size of [bytes.length || 1, 7]) {
      const error = await read(bytes, type, size).then(() => undefined, (thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(FormError);
      expect((error as FormError).status).toBe(400);
      expect((error as FormError).message).toMatch(reason);
    }
  });

  test.each(['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="a\u0000b"', `multipart/form-data; boundary=${'x'.repeat(71)}`])('needs a boundary: %s', async (contentType) => {
    await expect(read(lines(...field('a', 'b'), '--xYz--'), contentType)).rejects.toMatchObject({ status: 400 });
  });

  test('has bounds', async () => {
    setFormLimits({ ...usual, parts: 2, text: 100 });
    await expect(read(lines(...field('a', ''), ...field('b', ''), ...field('c', ''), '--xYz--'))).rejects.toMatchObject({ status: 413 });
    await expect(read(lines(...field('a', 'x'.repeat(101)), '--xYz--'))).rejects.toMatchObject({ status: 413 });
    // Files don't count as text.
    await expect(read(lines(...file('a', 'f', 'x'.repeat(1000)), '--xYz--'))).resolves.toBeInstanceOf(FormData);
  });
});

describe('large files', () => {
  const big = lines(...file('small', 's', 'tiny'), ...file('big', 'b.bin', '0123456789'.repeat(30_000)), ...field('after', 'x'), '--xYz--');

  test('are on the disk until the job has ended, and are ordinary files for the code', async () => {
    setFormLimits({ ...usual, memory: 1000 });
    const before = openSpools();
    const store = testStore('handler');
    const form = await readForm(stream(big, 64 * 1024), type, store);
    expect(openSpools()).toBeGreaterThan(before);
    const given = form.get('big') as File;
    expect([given instanceof File, given.name, given.size]).toEqual([true, 'b.bin', 300_000]);
    expect(await given.slice(299_995).text()).toBe('56789');
    let size = 0;
    for await (const piece of given.stream() as unknown as AsyncIterable<Uint8Array>) size += piece.length;
    expect(size).toBe(300_000);
    expect(await (form.get('small') as File).text()).toBe('tiny');
    await endJob(store);
    expect(openSpools()).toBe(before);
    await expect(given.text()).rejects.toThrow();
  });

  test('of a form that breaks off are put away at once', async () => {
    setFormLimits({ ...usual, memory: 1000 });
    const before = openSpools();
    await expect(readForm(stream(big.subarray(0, 200_000), 64 * 1024), type, testStore('handler'))).rejects.toThrow(FormError);
    expect(openSpools()).toBe(before);
  });
});

describe('a urlencoded form', () => {
  const urlencoded = 'application/x-www-form-urlencoded; charset=UTF-8';
  test('is read', async () => {
    const form = await read(Buffer.from('a=1&a=2+3&b=%E2%82%AC&c'), urlencoded, 3);
    expect([...form]).toEqual([['a', '1'], ['a', '2 3'], ['b', '\u20ac'], ['c', '']]);
  });
  test('has bounds', async () => {
    setFormLimits({ ...usual, parts: 2, text: 10 });
    await expect(read(Buffer.from('a&b&c'), urlencoded)).rejects.toMatchObject({ status: 413 });
    await expect(read(Buffer.from('a=12345678901'), urlencoded)).rejects.toMatchObject({ status: 413 });
  });
  test('is the only other kind', async () => {
    const error = await read(Buffer.from('{}'), 'application/json').then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).not.toBeInstanceOf(FormError);
  });
});

describe('searchParams', () => {
  test('are a promise that has its values, and reading one reads the request', async () => {
    const store = testStore('render');
    const params = searchParamsPromise(store, 'a=1&b=2&b=3&then=x');
    expect(store.dynamic).toBeUndefined();
    expect(params['a']).toBe('1');
    expect(store.dynamic).toBe('searchParams');
    expect(params['b']).toEqual(['2', '3']);
    expect(params['toLocaleString']).toBeUndefined();
    expect('a' in params && !('c' in params)).toBe(true);
    expect({ ...params }).toEqual({ a: '1', b: ['2', '3'] });
    expect(await params).toEqual({ a: '1', b: ['2', '3'], then: 'x' });
  });
  test('that were not given count as read, too', () => {
    const store = testStore('render');
    expect(searchParamsPromise(store, '')['q']).toBeUndefined();
    expect(store.dynamic).toBe('searchParams');
  });
});
