/** What is wrong with a form that a client sent. A handler that doesn't catch it answers with its status and message. */
export class FormError extends TypeError {
  /** 400: it cannot be read. 413: it is larger than this server takes. */
  readonly status: 400 | 413;

  constructor(message: string, status: 400 | 413 = 400) {
    super(message);
    this.status = status;
  }
}
