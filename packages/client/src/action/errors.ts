/** How the call of a Server Action can fail other than by what the action itself throws. */

export type ActionFailure = 'body-too-large' | 'too-many-requests' | 'forbidden' | 'network' | 'bad-reply';

/** The call did not bring a result. `status` is that of the response, 0 if there was none. */
export class ServerActionError extends Error {
  override readonly name = 'ServerActionError';
  readonly code: ActionFailure;
  readonly status: number;

  constructor(code: ActionFailure, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = status;
  }
}

/** The server does not know the action: the page is older, or newer, than what is deployed. */
export class UnrecognizedActionError extends Error {
  override readonly name = 'UnrecognizedActionError';
  readonly status: number;

  constructor(id: string, status: number) {
    super(`The server does not know the Server Action ${id}. Another version may have been deployed since this page was loaded: load the page anew.`);
    this.status = status;
  }
}

/** What a caller gets whose action called `redirect()`; the router goes there by itself. */
export function redirectError(url: string, type: 'push' | 'replace'): Error {
  return Object.assign(new Error('NEXT_REDIRECT'), { digest: `NEXT_REDIRECT;${type};${url};307;`, handled: true });
}
