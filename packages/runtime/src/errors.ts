/**
 * What happens to errors of the application: a digest for the client, a record for the front's log, `onRequestError` for the
 * application itself. An error object is reported once, however many places see it pass.
 */
import { inspect } from 'node:util';
import { app, type ErrorPlace } from './app.ts';
import { digestOf } from './digest.ts';
import { notifyRequestError } from './instrumentation.ts';
import type { JobError } from './job.ts';
import { writeLog } from './log.ts';
import { unsendableProps } from './unsendable-props.ts';
import { requestStorage } from './request-store.ts';

/** Sizes of the frames. */
const MAX_DIGEST = 256;
const MAX_MESSAGE = 4000;
const MAX_STACK = 8000;
/** The part of it that is left for component stacks. */
const COMPONENTS = 3000;

const reported = new WeakMap<object, string>();
/** What the runtime knows about an error beyond its message; for everybody who describes it later. */
const known = new WeakMap<object, readonly string[]>();
/** In which Client Components an error was thrown, innermost first, as lines of a stack. */
const components = new WeakMap<object, string>();

/** Notes React's component stack of an error, for its description. The first one counts: the error passes through others. */
export function noteComponents(error: unknown, stack: string): void {
  if (!(error instanceof Error) || components.has(error)) return;
  components.set(error, stack.replaceAll(/^[ \t]*(?:at|in) /gm, '    in '));
}

/** Logs an error, tells `onRequestError`, and returns its digest. */
export function reportError(error: unknown, place: ErrorPlace): string {
  const earlier = typeof error === 'object' && error !== null ? reported.get(error) : undefined;
  if (earlier !== undefined) return earlier;
  const { digest, message, stack } = describeError(error);
  if (typeof error === 'object' && error !== null) reported.set(error, digest);
  const store = requestStorage.getStore();
  const causes = place === 'render' ? unsendableProps((clientId) => app().manifest.clients[clientId]?.file) : [];
  if (causes.length > 0 && typeof error === 'object' && error !== null) known.set(error, causes);
  writeLog('error', `application.${place}`, [message, ...causes].join('\n'), {
    digest, stack,
    ...(store ? { route: store.routePath, method: store.job.method, path: store.job.path, request: store.job.requestId } : {}),
  });
  notifyRequestError(error, digest, place, store);
  return digest;
}

/** An error in the form that OUTCOME has. */
export function describeError(error: unknown): JobError {
  const digest = cut(digestOf(error), MAX_DIGEST);
  if (error instanceof Error) {
    const name = error.name === '' || error.name === 'Error' ? '' : `${error.name}: `;
    const message = [`${name}${error.message}`, ...(known.get(error) ?? [])].join('\n');
    const stack = cut(stackOf(error), MAX_STACK - COMPONENTS);
    return { digest, message: cut(message, MAX_MESSAGE), stack: `${stack}${cut(components.get(error) ?? '', COMPONENTS)}` };
  }
  return { digest, message: cut(typeof error === 'string' ? error : `A value that is no Error was thrown: ${inspect(error, { depth: 1 })}`, MAX_MESSAGE), stack: '' };
}

function stackOf(error: Error): string {
  let text = typeof error.stack === 'string' ? error.stack : '';
  for (let cause = error.cause, depth = 0; cause !== undefined && depth < 5; depth++) {
    text += `\n  caused by ${cause instanceof Error ? cause.stack ?? String(cause) : inspect(cause, { depth: 0 })}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return text;
}

/** Well-formed text of at most `most` bytes in UTF-8. */
function cut(text: string, most: number): string {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length <= most ? bytes.toString('utf8') : `${bytes.toString('utf8', 0, most - 8).replace(/\ufffd+$/, '')} …`;
}
