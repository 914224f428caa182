/** The application's `instrumentation` file (Next behaviour 7.41): `register` once at start, `onRequestError` for each error. */
import type { ErrorPlace } from './app.ts';
import type { ModuleExports } from './modules.ts';
import { writeLog } from './log.ts';
import type { RequestStore } from './request-store.ts';

type OnRequestError = (error: unknown, request: object, context: object) => unknown;

let onRequestError: OnRequestError | undefined;

/** Runs `register`, which has to be done before the first request. A failure in it stops the start, as it should. */
export async function startInstrumentation(module: ModuleExports): Promise<void> {
  const { register } = module;
  if (typeof module['onRequestError'] === 'function') onRequestError = module['onRequestError'] as OnRequestError;
  if (typeof register === 'function') await (register as () => unknown)();
}

/** What Next calls the places. */
const ROUTE_TYPES: Record<ErrorPlace, string> = {
  render: 'render', ssr: 'render', action: 'action', handler: 'route', metadata: 'route', proxy: 'proxy', after: 'route',
};
const RENDER_SOURCES: Partial<Record<ErrorPlace, string>> = {
  render: 'react-server-components', ssr: 'server-rendering', action: 'react-server-components-payload',
};

/** Never throws and is not waited for: the request's answer does not depend on it. Its end keeps the job's slot. */
export function notifyRequestError(error: unknown, digest: string, place: ErrorPlace, store: RequestStore | undefined): void {
  if (!onRequestError || !store) return;
  const { job } = store;
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of job.headers) {
    const old = headers[name];
    headers[name] = old === undefined ? value : Array.isArray(old) ? [...old, value] : [old, value];
  }
  if (error instanceof Error && !('digest' in error) && Object.isExtensible(error)) Object.assign(error, { digest });
  const request = { path: job.query === '' ? job.path : `${job.path}?${job.query}`, method: job.method, headers };
  const context = {
    routerKind: 'App Router', routePath: store.routePath, routeType: ROUTE_TYPES[place],
    ...(RENDER_SOURCES[place] === undefined ? {} : { renderSource: RENDER_SOURCES[place] }),
    revalidateReason: job.permit === 0 ? undefined : 'stale',
  };
  const told = Promise.resolve().then(() => onRequestError?.(error, request, context)).catch((failure: unknown) => {
    writeLog('error', 'application.instrumentation', `onRequestError threw: ${failure instanceof Error ? failure.stack ?? failure.message : String(failure)}`);
  });
  store.background.push(told);
}
