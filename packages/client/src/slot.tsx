/**
 * `Slot` stands in a layout's element for the children of its segment: it finds the child in the tree and shows what the view has
 * for it, inside of the segment's boundaries. So a layout's element does not contain its child, and either can be replaced alone.
 * The same code runs while HTML is made and in the browser.
 */
'use client';
import { Fragment, Suspense, createContext, startTransition, useCallback, useContext } from 'react';
import type { FragmentInstance, ReactNode } from 'react';
import { ErrorBoundary, errorFile } from './boundaries/error.tsx';
import { HttpError } from './boundaries/http-error.tsx';
import { InterruptBoundary } from './boundaries/interrupt.tsx';
import type { HttpErrorElements } from './boundaries/interrupt.tsx';
import { MarkContext, RouterContext, SegmentContext, ViewContext } from './contexts.ts';
import type { Router } from './contexts.ts';
import { readInterrupt } from './digest.ts';
import type { Interrupt } from './digest.ts';
import { failureAt } from './failure.ts';
import type { SegmentParts, Tree } from './payload.ts';

const TemplateContext = createContext<ReactNode>(null);

/** What a template file gets as `children`: a stand-in, since a template is rendered on the server before its child is known. */
export function TemplateChildren(): ReactNode {
  return useContext(TemplateContext);
}

/** Shows the node of the tree that stands under `name` in the segment around. Nothing if there is none. */
export function Slot({ name }: { name: string }): ReactNode {
  const here = useContext(SegmentContext);
  const view = useContext(ViewContext);
  const child = here?.slots?.[name];
  if (!view || !here || !child) return null;
  // A new child is mounted anew with everything around it, so that a loading file shows and templates and errors start afresh.
  return <Around key={child.id} parts={view.parts[here.id] ?? {}} view={view.number} name={name} failed={failureAt(view.failure, here.id, name)} root={here === view.tree}><Marked node={child} /></Around>;
}

/** What the view has for a node, with the node as the place where it stands. */
export function Segment({ node }: { node: Tree }): ReactNode {
  const view = useContext(ViewContext);
  if (!view) throw new Error('A segment was rendered outside of the application.');
  if (!(node.id in view.slots)) throw new Error(`The payload names the segment ${node.id} and does not bring it.`);
  return <SegmentContext value={node}>{view.slots[node.id] as ReactNode}</SegmentContext>;
}

/** A segment that the router can scroll to. */
function Marked({ node }: { node: Tree }): ReactNode {
  const note = useContext(MarkContext);
  const { id } = node;
  const mark = useCallback((place: FragmentInstance | null) => note?.(id, place), [note, id]);
  return <Fragment ref={mark}><Segment node={node} /></Fragment>;
}

type AroundProps = { parts: SegmentParts; view: number; name: string; failed: Error | undefined; root: boolean; children: ReactNode };

/** From outside: template › error › loading › not-found, forbidden, unauthorized (Next behaviour 7.2). */
function Around({ parts, view, name, failed, root, children }: AroundProps): ReactNode {
  const router = useContext(RouterContext);
  const retry = useCallback(() => startTransition(() => router?.refresh()), [router]);
  const redirect = useCallback((to: Redirect) => follow(router, to), [router]);
  // Not-found files are for the page, not for the slots beside it.
  const elements = name === 'children' ? httpErrorElements(parts, root) : {};
  let inner: ReactNode = <InterruptBoundary view={view} failed={readInterrupt(failed) ? failed : undefined} elements={elements} redirect={redirect}>{children}</InterruptBoundary>;
  if (parts.loading !== undefined) inner = <Suspense fallback={parts.loading}>{inner}</Suspense>;
  if (parts.error) inner = <ErrorBoundary view={view} failed={readInterrupt(failed) ? undefined : failed} render={errorFile(parts.error)} retry={retry}>{inner}</ErrorBoundary>;
  return parts.template === undefined ? inner : <TemplateContext value={inner}>{parts.template}</TemplateContext>;
}

/** The root always has something to show. */
function httpErrorElements(parts: SegmentParts, root: boolean): HttpErrorElements {
  if (!root) return parts;
  return {
    notFound: parts.notFound ?? <HttpError status={404} />,
    forbidden: parts.forbidden ?? <HttpError status={403} />,
    unauthorized: parts.unauthorized ?? <HttpError status={401} />,
  };
}

type Redirect = Extract<Interrupt, { kind: 'redirect' }>;

function follow(router: Router | null, to: Redirect): void {
  startTransition(() => router?.[to.type](to.url));
}
