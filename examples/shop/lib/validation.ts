import { z } from 'zod';
import { AppError, type FieldErrors } from './errors';

export const NewWidget = z.object({
  sku: z.string().trim().min(3, 'at least 3 characters').max(20, 'at most 20 characters').regex(/^[A-Z0-9-]+$/i, 'letters, digits and dashes only').transform((sku) => sku.toUpperCase()),
  name: z.string().trim().min(2, 'at least 2 characters').max(80, 'at most 80 characters'),
  priceCents: z.coerce.number('a number').int('a whole number of cents').min(0, 'not below 0').max(10_000_000, 'too much'),
  stock: z.coerce.number('a number').int('a whole number').min(0, 'not below 0').max(1_000_000, 'too much'),
});
export type NewWidget = z.infer<typeof NewWidget>;

export const Reservation = z.object({
  quantity: z.coerce.number('a number').int('a whole number').min(1, 'at least 1').max(1_000_000, 'too much'),
});

export const Credentials = z.object({
  email: z.email('an e-mail address').trim().toLowerCase(),
  password: z.string().min(1, 'your password'),
});

export const Id = z.uuid();

/** Parsed input, or an error that names each field. */
export function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const fieldErrors: FieldErrors = {};
  for (const issue of parsed.error.issues) (fieldErrors[String(issue.path[0] ?? '')] ??= []).push(issue.message);
  throw new AppError('validation', 'Please check what you entered.', fieldErrors);
}
