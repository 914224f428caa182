'use server';
import { z } from 'zod';
import { addWidget } from '../../lib/data';
const Input = z.object({ name: z.string().min(1).max(80), qty: z.number().int().positive() });
export async function orderWidget(input: { name: string; qty: number }): Promise<{ ok: boolean; id?: number }> {
  const parsed = Input.safeParse(input);
  if (!parsed.success) return { ok: false };
  return { ok: true, id: addWidget(parsed.data.name, parsed.data.qty).id };
}
