/** Tells which links and forms are in view (or nearly), with one observer for all of them. */

type Callbacks = { enter: () => void; leave: () => void };

const watched = new Map<Element, Callbacks>();
let observer: IntersectionObserver | undefined;

/** Calls back when the element comes into view and when it leaves. Returns how to end that. */
export function watchVisibility(element: Element, callbacks: Callbacks): () => void {
  observer ??= new IntersectionObserver(tell, { rootMargin: '200px' });
  watched.set(element, callbacks);
  observer.observe(element);
  return () => {
    observer?.unobserve(element);
    watched.delete(element);
    callbacks.leave();
  };
}

function tell(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    const callbacks = watched.get(target);
    if (isIntersecting) whenIdle(() => { if (watched.get(target) === callbacks) callbacks?.enter(); });
    else callbacks?.leave();
  }
}

function whenIdle(run: () => void): void {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(run, { timeout: 500 });
  else setTimeout(run, 1);
}
