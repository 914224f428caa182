/** `generateStaticParams` runs in a request's place but not in its name: what it reads must not be the visitor's. */
import { requestStorage, type RequestStore } from '../request-store.ts';

export function inParamsScope<T>(store: RequestStore, routePath: string, run: () => Promise<T>): Promise<T> {
  const scope = store.derive({ phase: 'params', isolated: true });
  scope.routePath = routePath;
  scope.config = {};
  return requestStorage.run(scope, run);
}
