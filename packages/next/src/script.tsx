/** `next/script`: a script that is loaded once for a document, at the time that `strategy` says. */
'use client';
import { useEffect, useRef } from 'react';
import type { ReactNode, ScriptHTMLAttributes } from 'react';
import { preinit, preload } from 'react-dom';

export type ScriptProps = Omit<ScriptHTMLAttributes<HTMLScriptElement>, 'onLoad' | 'onError'> & {
  strategy?: 'beforeInteractive' | 'afterInteractive' | 'lazyOnload' | 'worker';
  /** Once, when it has been loaded. */
  onLoad?: (event: Event) => void;
  /** When it has been loaded, and each time the component is mounted anew. */
  onReady?: () => void;
  onError?: (event: unknown) => void;
  stylesheets?: string[];
  [data: `data-${string}`]: string | number | boolean | undefined;
};

type Status = { loaded: Promise<Event | undefined> };

/** By `id` or URL; inline scripts without an id can't be told from each other and run with each mount. */
const scripts = new Map<string, Status>();

export default function Script(props: ScriptProps): ReactNode {
  const { strategy = 'afterInteractive', src, stylesheets, onLoad, onReady, onError, ...rest } = props;
  const latest = useRef(props);
  useEffect(() => { latest.current = props; });
  useEffect(() => {
    let gone = false;
    const tell = { load: (event: Event) => { if (!gone) latest.current.onLoad?.(event); }, ready: () => { if (!gone) latest.current.onReady?.(); }, fail: (event: unknown) => { if (!gone) latest.current.onError?.(event); } };
    if (strategy === 'beforeInteractive') tell.ready();
    else if (strategy === 'lazyOnload') whenLoadedAndIdle(() => { if (!gone) load(latest.current, tell); });
    else load(latest.current, tell);
    return () => { gone = true; };
  }, [strategy]);
  for (const href of stylesheets ?? []) preinit(href, { as: 'style' });
  if (strategy === 'beforeInteractive') return <BeforeInteractive {...rest} src={src} />;
  if (strategy === 'afterInteractive' && src) preload(src, { as: 'script', ...crossOriginOf(rest.crossOrigin), ...(rest.integrity ? { integrity: rest.integrity } : {}) });
  return null;
}

const crossOriginOf = (value: ScriptProps['crossOrigin']): { crossOrigin?: '' | 'anonymous' | 'use-credentials' } => (value === undefined ? {} : { crossOrigin: value });

/**
 * A blocking script where it stands in the HTML. The page's payload comes after it in the document and hydration waits for that, so
 * the script has run before. It does not run when a navigation brings it: it is for the load of a document.
 */
function BeforeInteractive({ children, dangerouslySetInnerHTML, ...attributes }: Omit<ScriptProps, 'strategy' | 'onLoad' | 'onReady' | 'onError'>): ReactNode {
  const html = dangerouslySetInnerHTML ?? (children ? { __html: textOf(children) } : undefined);
  return <script {...attributes} suppressHydrationWarning {...(html ? { dangerouslySetInnerHTML: html } : {})} />;
}

const textOf = (children: ReactNode): string => (Array.isArray(children) ? children.join('') : String(children));

type Tell = { load: (event: Event) => void; ready: () => void; fail: (event: unknown) => void };

function load(props: ScriptProps, tell: Tell): void {
  const key = props.id ?? props.src ?? '';
  const known = key === '' ? undefined : scripts.get(key);
  if (known) {
    void known.loaded.then(tell.ready, tell.fail);
    return;
  }
  const loaded = insert(props);
  if (key !== '') scripts.set(key, { loaded });
  loaded.then((event) => {
    if (event) tell.load(event);
    tell.ready();
  }, (event: unknown) => {
    // Another try is possible when it is wanted again.
    scripts.delete(key);
    tell.fail(event);
  });
}

/** Names that are written differently as attributes; all others are the same in lower case. */
const ATTRIBUTES: Readonly<Record<string, string>> = { className: 'class', httpEquiv: 'http-equiv' };
const OWN = new Set(['strategy', 'onLoad', 'onReady', 'onError', 'stylesheets', 'children', 'dangerouslySetInnerHTML', 'src']);

function insert(props: ScriptProps): Promise<Event | undefined> {
  const element = document.createElement('script');
  for (const [name, value] of Object.entries(props)) {
    if (OWN.has(name) || value === undefined || value === null || value === false) continue;
    element.setAttribute(ATTRIBUTES[name] ?? name.toLowerCase(), value === true ? '' : String(value));
  }
  if (!props.nonce) {
    const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce;
    if (nonce) element.nonce = nonce;
  }
  element.setAttribute('data-nscript', props.strategy ?? 'afterInteractive');
  const inline = props.dangerouslySetInnerHTML ? String(props.dangerouslySetInnerHTML.__html) : props.children ? textOf(props.children) : undefined;
  if (inline !== undefined || !props.src) {
    element.textContent = inline ?? '';
    document.body.append(element);
    return Promise.resolve(undefined);
  }
  element.async = props.async ?? true;
  const loaded = new Promise<Event>((resolve, reject) => {
    element.addEventListener('load', resolve);
    element.addEventListener('error', reject);
  });
  element.src = props.src;
  document.body.append(element);
  return loaded;
}

function whenLoadedAndIdle(run: () => void): void {
  const idle = (): void => {
    if (typeof requestIdleCallback === 'function') requestIdleCallback(() => run());
    else setTimeout(run, 1);
  };
  if (document.readyState === 'complete') idle();
  else addEventListener('load', idle, { once: true });
}

/** Loads a script without a component. */
export function handleClientScriptLoad(props: ScriptProps): void {
  const tell: Tell = { load: (event) => props.onLoad?.(event), ready: () => props.onReady?.(), fail: (event) => props.onError?.(event) };
  if (props.strategy === 'lazyOnload') whenLoadedAndIdle(() => load(props, tell));
  else load(props, tell);
}

export function initScriptLoader(all: ScriptProps[]): void {
  all.forEach(handleClientScriptLoad);
}
