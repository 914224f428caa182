/** Types that users see. What is asserted here is asserted by the compiler (`tsc`); nothing of it runs. */
import { createElement, useActionState } from 'react';
import * as v from 'valibot';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { createAction, fail, toHandler, type ActionFailure, type ActionResult } from '../src/actions/index.react-server.ts';

const note = createAction({ input: z.object({ text: z.string(), times: z.coerce.number<string>() }), auth: async () => ({ id: 'ann' }) as { id: string } | null }, async ({ text, times }, { session, bound }) => {
  expectTypeOf(text).toEqualTypeOf<string>();
  expectTypeOf(times).toEqualTypeOf<number>();
  expectTypeOf(session).toEqualTypeOf<{ id: string }>();
  expectTypeOf(bound).toEqualTypeOf<[]>();
  if (times > 3) return fail('conflict', 'too often');
  return { text, by: session.id };
});

const rename = createAction({ args: [z.string(), v.number()], input: v.object({ to: v.string() }) }, ({ to }, { bound: [id, version] }) => {
  expectTypeOf(id).toEqualTypeOf<string>();
  expectTypeOf(version).toEqualTypeOf<number>();
  return to.length;
});

test('types', () => {
  type Note = ActionResult<{ text: string; by: string }>;
  const neverRun = async () => {
    expectTypeOf(await note({ text: 'a', times: '2' })).toEqualTypeOf<Note>();
    expectTypeOf(await note(new FormData())).toEqualTypeOf<Note>();
    // @ts-expect-error A field is missing.
    await note({ text: 'a' });

    const [state, action] = useActionState(note, null);
    expectTypeOf(state).toEqualTypeOf<Note | null>();
    createElement('form', { action });
    createElement('form', { action: note });
    const result = await note(new FormData());
    if (result.ok) expectTypeOf(result.data.by).toEqualTypeOf<string>();
    else expectTypeOf(result).toEqualTypeOf<ActionFailure>();

    const bound = rename.bind(null, 'a', 1);
    createElement('form', { action: bound });
    const [length] = useActionState(bound, null);
    expectTypeOf(length).toEqualTypeOf<ActionResult<number> | null>();
    expectTypeOf(await rename('a', 1, { to: 'b' })).toEqualTypeOf<ActionResult<number>>();
    // @ts-expect-error The second bound argument is a number.
    rename.bind(null, 'a', 'b');

    const output = createAction({ output: z.object({ id: z.number() }) }, () => ({ id: 1, secret: 'x' }));
    expectTypeOf(await output(undefined)).toEqualTypeOf<ActionResult<{ id: number }>>();
    // @ts-expect-error There is no such option.
    createAction({ ratelimit: {} }, () => 1);
    // @ts-expect-error The function does not return what `output` says.
    createAction({ output: z.object({ id: z.number() }) }, () => ({ id: 'one' }));
    expectTypeOf(toHandler(note)).returns.toEqualTypeOf<Promise<Response>>();
  };
  expectTypeOf(neverRun).toBeFunction();
});
