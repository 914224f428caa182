/** `next/link`: an `a` element whose plain clicks navigate without a document load, and whose page is fetched ahead. */
'use client';
import { NavigatorContext, SettingsContext } from '@ironside/client/contexts.ts';
import type { Navigator } from '@ironside/client/contexts.ts';
import { withBasePath, withTrailingSlash } from '@ironside/client/router/target.ts';
import type { ClientSettings } from '@ironside/client/payload.ts';
import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react';
import type { AnchorHTMLAttributes, MouseEvent, ReactNode, Ref, TouchEvent } from 'react';
import { formatHref } from './href.ts';
import type { Href } from './href.ts';
import { watchVisibility } from './visibility.ts';

export type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & {
  href: Href;
  /** Of the Pages Router: shown in place of `href`. */
  as?: Href;
  replace?: boolean;
  scroll?: boolean;
  /** `true`: with the data of a dynamic page. `false`: never. Else what the server gives without making a dynamic page. */
  prefetch?: boolean | 'auto' | 'unstable_forceStale' | null;
  /** With the data of a dynamic page when the pointer is over the link. */
  unstable_dynamicOnHover?: boolean;
  /** Called before a navigation of this document; `preventDefault()` keeps it from happening. */
  onNavigate?: (event: { preventDefault: () => void }) => void;
  transitionTypes?: string[];
  ref?: Ref<HTMLAnchorElement>;
  children?: ReactNode;
  /** Of no effect: a link is an `a` element by itself. */
  passHref?: boolean;
  shallow?: boolean;
  locale?: string | false;
};

const StatusContext = createContext<{ pending: boolean }>({ pending: false });

/** Whether the link around is waiting for its page. */
export function useLinkStatus(): { pending: boolean } {
  return useContext(StatusContext);
}

export default function Link(props: LinkProps): ReactNode {
  const {
    href, as, replace = false, scroll, prefetch, unstable_dynamicOnHover: hoverInFull = false, onNavigate, transitionTypes, ref, children,
    passHref: _passHref, shallow: _shallow, locale: _locale, onClick, onMouseEnter, onTouchStart, ...rest
  } = props;
  if (href === undefined || href === null) throw new Error('`<Link>` needs an `href`: a path such as "/about", or an object with a `pathname`.');
  const navigator = useContext(NavigatorContext);
  const settings = useContext(SettingsContext);
  const to = formatHref(as ?? href);
  const [pending, setPending] = useState(false);
  const clicks = useRef(0);
  const ahead = prefetch === false ? undefined : prefetch === true || prefetch === 'unstable_forceStale' ? 'full' as const : 'auto' as const;
  const { element, wish } = usePrefetch(navigator, to, ahead, ref);
  const hover = (): void => { if (ahead) navigator?.prefetch(to, hoverInFull ? 'full' : ahead, wish.current); };

  const click = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    if (!navigator || event.defaultPrevented || !isPlain(event) || !isOwn(event.currentTarget)) return;
    event.preventDefault();
    let prevented = false;
    onNavigate?.({ preventDefault: () => { prevented = true; } });
    if (prevented) return;
    const number = ++clicks.current;
    setPending(true);
    void navigator.navigate(to, replace ? 'replace' : 'push', { scroll, transitionTypes }).then(() => {
      if (clicks.current === number) setPending(false);
    });
  };
  return (
    <a
      {...rest}
      ref={element}
      href={shownHref(to, settings)}
      onClick={click}
      onMouseEnter={(event: MouseEvent<HTMLAnchorElement>) => { onMouseEnter?.(event); hover(); }}
      onTouchStart={(event: TouchEvent<HTMLAnchorElement>) => { onTouchStart?.(event); hover(); }}
    >
      <StatusContext value={pending ? PENDING : IDLE}>{children}</StatusContext>
    </a>
  );
}

const PENDING = { pending: true };
const IDLE = { pending: false };

/** As it stands in the document: with `basePath`, and with a slash at the end or without, as the configuration wants it. */
function shownHref(to: string, { basePath = '', trailingSlash }: ClientSettings): string {
  if (!to.startsWith('/') || to.startsWith('//')) return to;
  const end = to.search(/[?#]/);
  const path = end < 0 ? to : to.slice(0, end);
  return withBasePath(withTrailingSlash(path, trailingSlash ?? false), basePath) + (end < 0 ? '' : to.slice(end));
}

/** With the main button and no key that means another tab, window or a download. */
function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

/** For this window, and to a page that is shown in it. */
function isOwn(anchor: HTMLAnchorElement): boolean {
  const target = anchor.getAttribute('target');
  return (target === null || target === '' || target === '_self') && !anchor.hasAttribute('download') && anchor.origin === location.origin;
}

/** Fetches the page ahead while the link is in view, again if it is out of date. Returns the ref for the element, and that wish. */
function usePrefetch(navigator: Navigator | null, to: string, ahead: 'auto' | 'full' | undefined, ref: Ref<HTMLAnchorElement> | undefined) {
  const own = useRef<HTMLAnchorElement>(null);
  const wish = useRef<() => void>(undefined);
  useEffect(() => {
    const element = own.current;
    if (!element || !navigator || !ahead) return undefined;
    const ask = (): void => navigator.prefetch(to, ahead, ask);
    wish.current = ask;
    return watchVisibility(element, { enter: ask, leave: () => navigator.cancelPrefetch(to, ask) });
  }, [navigator, to, ahead]);
  const element = useCallback((element: HTMLAnchorElement | null) => {
    own.current = element;
    if (typeof ref === 'function') return ref(element);
    if (ref) ref.current = element;
    return undefined;
  }, [ref]);
  return { element, wish };
}
