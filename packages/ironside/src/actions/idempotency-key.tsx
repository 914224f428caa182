/** The key under which a form is submitted, so that a double click, an impatient reload or a lost answer does not do the work twice. */
'use client';
import { useSearchParams } from 'next/navigation';
import { Suspense, useCallback, useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useFormStatus } from 'react-dom';
import { IDEMPOTENCY_FIELD } from './form-fields.ts';

/**
 * A hidden field with a key; stands inside of a form. It works without JavaScript where the page is made for each request. In a page that is
 * the same for everybody the key comes with JavaScript, as one that everybody has would be none.
 */
export function IdempotencyKey(): ReactNode {
  return (
    <Suspense fallback={<Field value="" />}>
      <OwnKey />
    </Suspense>
  );
}

function OwnKey(): ReactNode {
  // Not for its value: whoever asks for it says that this is not made ahead for all.
  useSearchParams();
  const { pending } = useFormStatus();
  const [key, renew] = useIdempotencyKey();
  const wasPending = useRef(false);
  useEffect(() => {
    // What was submitted has its answer; what is submitted from now on is something new.
    if (wasPending.current && !pending) renew();
    wasPending.current = pending;
  }, [pending, renew]);
  return <Field value={key} />;
}

/** What stands in the document stays until the key is another one: hydration takes the server's. */
function Field({ value }: { value: string }): ReactNode {
  return <input type="hidden" name={IDEMPOTENCY_FIELD} value={value} suppressHydrationWarning readOnly />;
}

/** A key and a function that makes a new one, for calls from event handlers: `save(withIdempotencyKey(key, input))`. */
export function useIdempotencyKey(): readonly [key: string, renew: () => void] {
  const [key, set] = useState(newKey);
  const renew = useCallback(() => set(newKey()), []);
  return [key, renew];
}

/** 128 random bits. `randomUUID` is missing in pages that are not served by HTTPS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
