/**
 * What is shown: a payload, merged with what was kept of earlier ones. Immutable. `router/merge.ts` makes it from payloads;
 * `app.tsx` shows it. Types and the trivial conversion only, so that both graphs can have it.
 */
import type { ComponentType, ReactNode } from 'react';
import type { ClientSettings, ErrorFileProps, Failure, Payload, SegmentParts, SlotId, Tree } from './payload.ts';

export type View = {
  /** Grows with every view of this document. Boundaries forget an error when it changes. */
  readonly number: number;
  readonly build: string;
  readonly url: Payload['url'];
  readonly params: Payload['params'];
  readonly root: SlotId | undefined;
  readonly settings: ClientSettings;
  readonly tree: Tree;
  /** Has an entry for every id in the tree. */
  readonly slots: Readonly<Record<SlotId, ReactNode | Promise<ReactNode>>>;
  readonly parts: Readonly<Record<SlotId, SegmentParts>>;
  readonly globalError: ComponentType<ErrorFileProps> | undefined;
  readonly head: ReactNode;
  /** Of the first view of a document only. */
  readonly failure: Failure | undefined;
};

/** The view that one payload alone makes: on the server, and of the first load. */
export function viewOf(payload: Payload, failure?: Failure): View {
  return {
    number: 0,
    build: payload.build,
    url: payload.url,
    params: payload.params,
    root: payload.root,
    settings: payload.settings ?? {},
    tree: payload.tree,
    slots: payload.slots,
    parts: payload.parts,
    globalError: payload.globalError,
    head: payload.head,
    failure,
  };
}
