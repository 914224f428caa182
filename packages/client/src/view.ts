/**
 * What is shown: a payload, merged with what was kept of earlier ones. Immutable. `router/merge.ts` makes it from payloads;
 * `app.tsx` shows it. Types and the trivial conversion only, so that both graphs can have it.
 */
import type { ComponentType, ReactNode } from 'react';
import type { ClientSettings, ErrorFileProps, Failure, Payload, SegmentParts, SlotId, Tree } from './payload.ts';

/** A URL that something was rendered for. `from`: where the browser came from, as routes may intercept. */
export type Origin = { readonly path: string; readonly search: string; readonly from: string | undefined };

export type View = {
  /** Grows with every view of this document. Boundaries forget an error when it changes. */
  readonly number: number;
  readonly build: string;
  readonly url: Payload['url'] & { search: string };
  readonly params: Payload['params'];
  readonly root: SlotId | undefined;
  readonly settings: ClientSettings;
  readonly tree: Tree;
  /** Has an entry for every id in the tree. */
  readonly slots: Readonly<Record<SlotId, ReactNode | Promise<ReactNode>>>;
  readonly parts: Readonly<Record<SlotId, SegmentParts>>;
  /**
   * Slots that the URL does not match keep showing what an earlier one brought (`@modal` over the page behind it): the ids of
   * what stands there, and the URL that it is to be asked for under. Empty for most views.
   */
  readonly origins: Readonly<Record<SlotId, Origin>>;
  /** Ids of segments of which nothing is here yet: a loading shell stands for them. */
  readonly held: readonly SlotId[];
  readonly globalError: ComponentType<ErrorFileProps> | undefined;
  readonly head: ReactNode;
  /** Of the first view of a document only. */
  readonly failure: Failure | undefined;
};

/** The view that one payload alone makes: on the server, and of the first load. `search` is the browser's, for payloads that do not know it. */
export function viewOf(payload: Payload, failure?: Failure, search = ''): View {
  return {
    number: 0,
    build: payload.build,
    url: knownUrl(payload, search),
    params: payload.params,
    root: payload.root,
    settings: payload.settings ?? {},
    tree: payload.tree,
    slots: payload.slots,
    parts: payload.parts,
    origins: {},
    held: [],
    globalError: payload.globalError,
    head: payload.head,
    failure,
  };
}

/** A view is shown somewhere, so its search is known. */
export function knownUrl({ url }: Payload, search: string): View['url'] {
  return { ...url, search: url.search ?? search };
}
