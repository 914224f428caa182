/**
 * Spans of time that the front is told about: what ran, from when to when, and facts about it. They go as SPAN frames; before
 * there is a connection, nowhere. Never arguments, headers or cookies.
 */
import { randomBytes } from 'node:crypto';
import type { Span } from '@ironside/protocol/generated.ts';

export type SpanSink = (span: Span) => void;

let sink: SpanSink | undefined;

/** Called by the connection when it can take spans. */
export function setSpanSink(next: SpanSink): void {
  sink = next;
}

/** Times are those of `performance.now()`. */
export function writeSpan(name: string, start: number, end: number, attributes: Record<string, string>): void {
  sink?.({
    name, id: randomBytes(8).toString('hex'), parent: '', startUs: sinceEpoch(start), endUs: sinceEpoch(end),
    attributes: Object.entries(attributes).map(([key, value]) => ({ name: key, value })),
  });
}

function sinceEpoch(time: number): number {
  return Math.round((performance.timeOrigin + time) * 1000);
}
