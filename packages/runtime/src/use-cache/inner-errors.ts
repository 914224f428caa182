/**
 * Errors that were thrown inside of a cached function pass through a Flight stream before its caller sees them, where nothing is left of
 * them but the digest. Here they are found again, so that the log tells what really happened.
 */
import { readInterrupt } from '@ironside/client/digest.ts';
import { digestOf } from '../digest.ts';

/** More can't be on their way at once. */
const MOST = 200;

const errors = new Map<string, unknown>();

/** The digest for the stream. */
export function digestInside(error: unknown): string {
  const digest = digestOf(error);
  if (readInterrupt(error)) return digest;
  errors.delete(digest);
  errors.set(digest, error);
  if (errors.size > MOST) for (const oldest of errors.keys()) {
    errors.delete(oldest);
    break;
  }
  return digest;
}

/** The error that this one stands for, or the same one. */
export function originalError(error: unknown): unknown {
  const digest = typeof error === 'object' && error !== null ? (error as { digest?: unknown }).digest : undefined;
  return (typeof digest === 'string' ? errors.get(digest) : undefined) ?? error;
}
