/** What is shown for 404, 403 and 401 where the application has no file for it. Shows itself inside of the root layout. */
'use client';
import type { CSSProperties, ReactNode } from 'react';

const messages = { 404: 'This page could not be found.', 403: 'You may not see this page.', 401: 'Sign in to see this page.' } as const;

const box: CSSProperties = {
  fontFamily: 'system-ui, sans-serif', minHeight: '60vh', display: 'flex', alignItems: 'center', justifyContent: 'center', gap: '1.25rem',
};
const code: CSSProperties = { fontSize: '1.5rem', fontWeight: 500, margin: 0, paddingRight: '1.25rem', borderRight: '1px solid currentColor' };

export function HttpError({ status }: { status: 401 | 403 | 404 }): ReactNode {
  return (
    <div style={box}>
      <title>{`${status}: ${messages[status]}`}</title>
      <h1 style={code}>{status}</h1>
      <p style={{ margin: 0 }}>{messages[status]}</p>
    </div>
  );
}
