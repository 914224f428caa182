/**
 * The outermost boundary: an error that nothing inside caught takes the document with it, so what is shown here is a document.
 * The application's `global-error` file, or a plain page.
 */
'use client';
import type { ReactNode } from 'react';
import type { ErrorFileProps } from '../payload.ts';

export function DefaultGlobalError({ error, retry }: ErrorFileProps): ReactNode {
  return (
    <html lang="en">
      <head>
        <title>Something went wrong</title>
      </head>
      <body style={{ fontFamily: 'system-ui, sans-serif', margin: '20vh auto', maxWidth: '32rem', padding: '0 1rem' }}>
        <h1 style={{ fontSize: '1.5rem' }}>Something went wrong</h1>
        <p>This page could not be shown. Trying again may help.</p>
        {error.digest ? <p><small>{`Reference: ${error.digest}`}</small></p> : null}
        <button type="button" onClick={() => retry()}>Try again</button>
      </body>
    </html>
  );
}
