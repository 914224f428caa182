'use client';

import type { ReactNode } from 'react';
import { useFormStatus } from 'react-dom';

/** A button that says what is going on while its form is under way, and can't be pressed twice. */
export function SubmitButton({ children, pending, className = 'button' }: { children: ReactNode; pending: string; className?: string }) {
  const status = useFormStatus();
  return (
    <button type="submit" className={className} disabled={status.pending} aria-busy={status.pending}>
      {status.pending ? pending : children}
    </button>
  );
}
