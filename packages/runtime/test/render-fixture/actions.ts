import { action } from 'ironside:references';
import { revalidatePath } from 'next/cache';
import { cookies } from 'next/headers';
import { notFound, redirect } from 'next/navigation';

export const echo = action(async (...args: unknown[]) => args, `7f${'a'.repeat(40)}`);
export const fail = action(async () => { throw new Error('secret text'); }, `00${'b'.repeat(40)}`);
export const login = action(async (name: string) => {
  ((await cookies()) as unknown as { set(name: string, value: string): void }).set('user', name);
  revalidatePath('/');
  return 'done';
}, `40${'c'.repeat(40)}`);
export const go = action(async (to: string) => redirect(to), `40${'d'.repeat(40)}`);
export const missing = action(async () => notFound(), `00${'e'.repeat(40)}`);
export const hidden = action(async () => 'must not be reached', `00${'f'.repeat(40)}`);
export const join = action(async (before: string, form: FormData) => `${before}+${Array.from(form.keys()).join()}`, `60${'1'.repeat(40)}`);
export const sealed = action(async ([a, b]: [string, number], extra: string) => `${a}${b}${extra}`, `60${'2'.repeat(40)}`, true);
export const count = action(async (...args: unknown[]) => `${args.length} arguments`, `7f${'3'.repeat(40)}`);
export const secret = 'no function';
