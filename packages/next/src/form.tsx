/**
 * `next/form`: with a string as `action`, a GET form that navigates without a document load and whose page is fetched ahead; with
 * a function, React's form.
 */
'use client';
import { NavigatorContext, SettingsContext } from '@ironside/client/contexts.ts';
import { withBasePath } from '@ironside/client/router/target.ts';
import { useContext, useEffect, useRef } from 'react';
import type { FormHTMLAttributes, ReactNode, Ref, SubmitEvent } from 'react';
import { watchVisibility } from './visibility.ts';

export type FormProps = Omit<FormHTMLAttributes<HTMLFormElement>, 'action' | 'method' | 'encType' | 'target'> & {
  action: string | ((data: FormData) => void | Promise<void>);
  replace?: boolean;
  scroll?: boolean;
  prefetch?: false | null;
  ref?: Ref<HTMLFormElement>;
};

export default function Form({ action, replace, scroll, prefetch, ref, ...rest }: FormProps): ReactNode {
  if (typeof action === 'function') return <form {...rest} action={action} ref={ref} />;
  return <Search {...rest} action={action} replace={replace} scroll={scroll} prefetch={prefetch} outer={ref} />;
}

type SearchProps = Omit<FormProps, 'action' | 'ref' | 'replace' | 'scroll' | 'prefetch'> & {
  action: string;
  replace: boolean | undefined;
  scroll: boolean | undefined;
  prefetch: false | null | undefined;
  outer: Ref<HTMLFormElement> | undefined;
};

function Search({ action, replace = false, scroll, prefetch, outer, onSubmit, ...rest }: SearchProps): ReactNode {
  const navigator = useContext(NavigatorContext);
  const { basePath = '' } = useContext(SettingsContext);
  const own = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const element = own.current;
    if (!element || !navigator || prefetch === false) return undefined;
    const wish = (): void => navigator.prefetch(action, 'auto', wish);
    return watchVisibility(element, { enter: wish, leave: () => navigator.cancelPrefetch(action, wish) });
  }, [navigator, action, prefetch]);

  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    onSubmit?.(event);
    const href = event.defaultPrevented ? undefined : submittedUrl(event.currentTarget, submitterOf(event));
    if (!navigator || href === undefined) return;
    event.preventDefault();
    void navigator.navigate(href, replace ? 'replace' : 'push', { scroll });
  };
  return (
    <form
      {...rest}
      ref={(element) => {
        own.current = element;
        if (typeof outer === 'function') return outer(element);
        if (outer) outer.current = element;
        return undefined;
      }}
      action={withBasePath(action, basePath)}
      onSubmit={submit}
    />
  );
}

function submitterOf(event: SubmitEvent<HTMLFormElement>): HTMLElement | null {
  return event.nativeEvent instanceof globalThis.SubmitEvent ? event.nativeEvent.submitter : null;
}

/** Where the browser would go; undefined if that is another matter than a GET in this window. */
function submittedUrl(form: HTMLFormElement, submitter: HTMLElement | null): string | undefined {
  const method = submitter?.getAttribute('formmethod') ?? form.getAttribute('method') ?? 'get';
  const encoding = submitter?.getAttribute('formenctype') ?? 'application/x-www-form-urlencoded';
  const target = submitter?.getAttribute('formtarget') ?? '_self';
  if (method.toLowerCase() !== 'get' || encoding !== 'application/x-www-form-urlencoded' || target !== '_self') return undefined;
  const action = submitter?.getAttribute('formaction') ?? form.getAttribute('action') ?? '';
  // What React writes for a function: it takes care of that itself.
  if (/^javascript:/i.test(action)) return undefined;
  const url = new URL(action, document.baseURI);
  const params = new URLSearchParams();
  for (const [name, value] of new FormData(form, submitter)) params.append(name, typeof value === 'string' ? value : value.name);
  url.search = params.toString();
  return url.href;
}
