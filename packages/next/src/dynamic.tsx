/**
 * `next/dynamic`: a component whose code is loaded when it is first rendered. Runs in all graphs (a Server Component may call it), so it
 * uses nothing that one of them lacks. Compare React's `lazy` and `Suspense`, of which it is made.
 */
import { clientOnlyError } from '@ironside/client/digest.ts';
import { Suspense, lazy } from 'react';
import type { ComponentType, ReactNode } from 'react';

type Module<P> = ComponentType<P> | { default: ComponentType<P> };
export type Loader<P = object> = (() => Promise<Module<P>>) | Promise<Module<P>>;
export type DynamicOptionsLoadingProps = { error?: Error | null; isLoading?: boolean; pastDelay?: boolean; retry?: () => void; timedOut?: boolean };
export type DynamicOptions<P = object> = {
  loader?: Loader<P>;
  loading?: (props: DynamicOptionsLoadingProps) => ReactNode;
  /** `false`: in the browser only. */
  ssr?: boolean;
};

export default function dynamic<P = object>(source: Loader<P> | DynamicOptions<P>, options: DynamicOptions<P> = {}): ComponentType<P> {
  const merged: DynamicOptions<P> = typeof source === 'function' || source instanceof Promise ? { ...options, loader: source } : { ...source, ...options };
  const { loader, loading: Loading, ssr = true } = merged;
  if (!loader) throw new Error('`dynamic()` of \'next/dynamic\' needs a function that imports the component: `dynamic(() => import("./component"))`.');
  const Loaded = lazy(async () => componentOf(await (typeof loader === 'function' ? loader() : loader))) as unknown as ComponentType<P>;

  function Dynamic(props: P): ReactNode {
    const component = <Loaded {...(props as P & object)} />;
    const inner = ssr ? component : <BrowserOnly>{component}</BrowserOnly>;
    if (ssr && !Loading) return inner;
    return <Suspense fallback={Loading ? <Loading isLoading pastDelay error={null} /> : null}>{inner}</Suspense>;
  }
  return Dynamic as ComponentType<P>;
}

function componentOf<P>(module: Module<P>): { default: ComponentType<P> } {
  if (typeof module === 'object' && 'default' in module) return module;
  return { default: module as ComponentType<P> };
}

/** While HTML is made it throws what Fizz answers with the fallback; the browser then renders what is inside. */
function BrowserOnly({ children }: { children: ReactNode }): ReactNode {
  if (typeof window === 'undefined') throw clientOnlyError('A part of the page is for the browser only (`ssr: false` of \'next/dynamic\').');
  return children;
}
