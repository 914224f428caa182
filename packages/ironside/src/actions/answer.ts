/** What an action says about its HTTP answer, and learns about its caller. */
import { host } from './host.ts';

export type AnswerOptions = {
  /** 200 to 299 or 400 to 599. Not 204 and 205: an action's answer has a body. */
  status?: number;
  headers?: HeadersInit;
};

/** Headers that say what the body is, where it goes, or what the router has to do: they are the server's. */
const RESERVED = /^(?:content-(?:type|length|encoding)|transfer-encoding|connection|keep-alive|upgrade|trailer|te|location|refresh|vary|rsc|set-cookie|date|x-action-.*|x-nextjs-.*|x-ironside-.*)$/;

/**
 * Sets the status and headers of the answer of the running action, by fetch and by form alike. The last status counts; headers of the same
 * name replace each other. Under Next it has an effect in Route Handlers made by `toHandler` only.
 */
export function actionResponse({ status, headers }: AnswerOptions): void {
  if (status !== undefined && !mayBeStatus(status)) {
    throw new RangeError(`\`actionResponse({ status: ${status} })\`: an action answers with 200 to 299 (not 204 or 205) or with 400 to 599. Use \`redirect()\` to send the client elsewhere.`);
  }
  const pairs = headers === undefined ? [] : [...new Headers(headers)];
  const reserved = pairs.find(([name]) => RESERVED.test(name));
  if (reserved) {
    const instead = reserved[0] === 'set-cookie' ? 'Use `cookies().set()` for cookies.' : 'The server sets it.';
    throw new TypeError(`\`actionResponse()\` cannot set the header ${reserved[0]}. ${instead}`);
  }
  host().answer({ status, headers: pairs });
}

const mayBeStatus = (status: number): boolean =>
  Number.isInteger(status) && ((status >= 200 && status <= 299 && status !== 204 && status !== 205) || (status >= 400 && status <= 599));

/** Aborted when the client has gone, when the action takes longer than it may, or when the server stops. Pass it to `fetch` and to databases. */
export function actionSignal(): AbortSignal {
  return host().signal();
}
