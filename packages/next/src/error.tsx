/**
 * `next/error`: `catchError` makes an error boundary of a function that shows errors. The default export is a plain error page, which
 * applications of the Pages Router and generated `global-error` files use.
 */
'use client';
import { ErrorBoundary } from '@ironside/client/boundaries/error.tsx';
import type { ErrorInfo } from '@ironside/client/boundaries/error.tsx';
import { RouterContext, ViewContext } from '@ironside/client/contexts.ts';
import { startTransition, useCallback, useContext } from 'react';
import type { ComponentType, ReactNode } from 'react';

export type { ErrorInfo } from '@ironside/client/boundaries/error.tsx';

type Fallback<P> = (props: P, info: ErrorInfo) => ReactNode;

/** A component that shows its children, or what `fallback` makes of their error. A navigation gives them a new try. */
export function catchError<P extends object>(fallback: Fallback<P>): ComponentType<P & { children?: ReactNode }> {
  function Caught({ props, info }: { props: P; info: ErrorInfo }): ReactNode {
    return fallback(props, info);
  }
  function CatchError({ children, ...props }: P & { children?: ReactNode }): ReactNode {
    const view = useContext(ViewContext);
    const router = useContext(RouterContext);
    const retry = useCallback(() => startTransition(() => router?.refresh()), [router]);
    return (
      <ErrorBoundary view={view?.number ?? 0} retry={retry} render={(info) => <Caught props={props as unknown as P} info={info} />}>
        {children}
      </ErrorBoundary>
    );
  }
  return CatchError;
}

export { catchError as unstable_catchError };

const TITLES: Readonly<Record<number, string>> = { 400: 'Bad request', 404: 'This page could not be found', 405: 'Method not allowed', 500: 'Internal server error' };

export type ErrorProps = { statusCode: number; title?: string; withDarkMode?: boolean; hostname?: string };

export default function ErrorPage({ statusCode, title }: ErrorProps): ReactNode {
  const text = title ?? TITLES[statusCode] ?? 'An unexpected error has occurred';
  return (
    <div style={{ fontFamily: 'system-ui, sans-serif', minHeight: '60vh', display: 'flex', alignItems: 'center', justifyContent: 'center', gap: '1.25rem' }}>
      {statusCode ? <h1 style={{ fontSize: '1.5rem', margin: 0 }}>{statusCode}</h1> : null}
      <p style={{ margin: 0 }}>{text}.</p>
    </div>
  );
}
