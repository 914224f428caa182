/**
 * The seam behind which a payload becomes HTML or Flight bytes. The only renderer there is goes Flight → parse → Fizz; one that does
 * it in a single walk can take its place without anything else being touched.
 */
import type { Payload } from '@ironside/client/payload.ts';
import type { TemporaryReferenceSet } from 'react-server-dom-webpack/server.node';
import type { App } from '../app.ts';
import type { JobOutcome, ResponseSink } from '../job.ts';
import type { OnGone } from '../shared-run.ts';

export type Header = [name: string, value: string];

/** What both kinds of answer need. */
export type Answer = {
  app: App;
  out: ResponseSink;
  /** Tells when nobody reads any more. */
  onGone: OnGone;
  status: number;
  headers: Header[];
};

export type HtmlAnswer = Answer & {
  payload: Payload;
  nonce: string | undefined;
  /** Nothing is sent before everything is there: a stored page has no fallbacks in it. */
  whole: boolean;
  /** Also send the payload beside the HTML, to be stored with it. */
  keepPayload: boolean;
  /** Asked when the shell is ready: what makes this another answer than the page, though the shell does not fail. */
  interrupted?: () => { error: unknown } | undefined;
  /** Called when the page turns out to need the query that its payload was made without. */
  needSearch?: () => void;
};

export type PayloadAnswer = Answer & {
  /** A `Payload` or an `ActionPayload`. */
  model: unknown;
  /** Arguments of an action that were opaque to the server and may be in its result. */
  temporaryReferences?: TemporaryReferenceSet | undefined;
  place: 'render' | 'action';
};

/** Both end when everything is sent or nobody reads any more. */
export type Renderer = {
  html(answer: HtmlAnswer): Promise<JobOutcome>;
  payload(answer: PayloadAnswer): Promise<JobOutcome>;
};
