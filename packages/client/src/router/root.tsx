/** The root component in the browser: shows what the store says, and tells it when that is on the screen. */
import { use, useDeferredValue, useInsertionEffect, useLayoutEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Shown as ShownView } from '../app.tsx';
import { MarkContext, NavigatorContext } from '../contexts.ts';
import type { View } from '../view.ts';
import type { Place } from './state.ts';
import type { RouterStore, Shown } from './store.ts';

/** Its route, which no URL matches. */
const NOT_FOUND = '/_not-found';

export function BrowserApp({ store }: { store: RouterStore }): ReactNode {
  const [target, setTarget] = useState<Shown>(store.first);
  const [moved, setMoved] = useState<{ view: View; place: Place } | null>(null);
  // Of no effect inside of a transition. A navigation during a Server Action comes without one (see the store) and is deferred here.
  const deferred = useDeferredValue(target);
  const view = deferred instanceof Promise ? use(deferred) : deferred;
  useInsertionEffect(() => store.attach({ show: setTarget, place: setMoved }), [store]);
  useInsertionEffect(() => store.committing(view), [store, view]);
  useLayoutEffect(() => store.committed(), [store, view]);
  // The document of the not-found page stands under many URLs. It was made under one of its own, and is hydrated as that.
  useLayoutEffect(() => {
    if (view === store.first && view.url.route === NOT_FOUND && store.place.path !== view.url.path) setMoved({ view, place: store.place });
  }, [store, view]);
  const place = moved?.view === view ? moved.place : view.url;
  return (
    <NavigatorContext value={store}>
      <MarkContext value={store.mark}>
        <ShownView view={view} path={place.path} search={place.search} router={store.router} />
      </MarkContext>
    </NavigatorContext>
  );
}
