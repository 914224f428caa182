/**
 * Which APIs make a piece of work dynamic, and which phases forbid them (Next behaviour 5.42, 5.54, 5.55). Everything
 * that reads the request says so here first.
 */
import type { DynamicReason, RequestStore } from './request-store.ts';

/** Thrown into work for everybody that has turned out to be for one visitor: its job has ended. Nothing to report. */
export class SharedEnded extends Error {
  override name = 'SharedEnded';
  readonly digest = 'GONE';

  constructor(api: string) {
    super(`\`${api}\` reads the request, so this answer is not made beforehand.`);
  }
}

/** What an asynchronous API gives for what `readsRequest` threw. Where the job has ended, code does not go on: it waits for ever. */
export function refused(error: unknown): Promise<never> {
  return error instanceof SharedEnded ? new Promise<never>(() => undefined) : Promise.reject(error);
}

/**
 * Notes that the request was read. Returns `false` where the route is `force-static` and has to see an empty request
 * instead. Throws where reading is a mistake, with the remedy.
 */
export function readsRequest(store: RequestStore, reason: DynamicReason, api: string): boolean {
  if (store.phase === 'cache') {
    throw new Error(
      `\`${api}\` was called inside a cached function${store.cacheScope ? `, ${store.cacheScope.label},` : ','} whose result is shared by all visitors. Read it outside and pass what you need as an argument.`,
    );
  }
  if (store.phase === 'after' && (store.job.kind === 'page' || store.job.kind === 'prerender')) {
    throw new Error(
      `\`${api}\` was called inside \`after()\` of a page. Read it while the page is rendered and use the value in the callback; Server Actions and Route Handlers may call it there.`,
    );
  }
  if (store.config.dynamic === 'force-static' && isSafe(store.job.method)) return false;
  if (store.config.dynamic === 'error') {
    throw new Error(
      `The route ${store.routePath} is declared static (\`dynamic = 'error'\`) but used \`${api}\`, which depends on the request. Remove one of the two.`,
    );
  }
  if (store.phase === 'params') {
    throw new Error(`\`${api}\` was called in generateStaticParams of ${store.routePath}, which runs without a request. Read there what the parameters are made of only.`);
  }
  // React's development build reads all props of components, so that one says less than any other.
  if (store.dynamic === undefined || store.dynamic === 'searchParams') store.dynamic = reason;
  if (store.endShared) {
    store.endShared();
    throw new SharedEnded(api);
  }
  return true;
}

/** Only requests for the static answer are blind; a POST beside it sees its headers. */
function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}
