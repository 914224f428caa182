/**
 * The payload as a document: Flight bytes go to the parser of the `ssr` graph and, escaped, into the HTML that Fizz makes of
 * what is parsed. The status is known when the shell is ready or has failed; what failed is shown by the boundary that React
 * would show it in, in a second try.
 */
import { readInterrupt, isClientOnly } from '@ironside/client/digest.ts';
import type { Boot, Failure, Payload } from '@ironside/client/payload.ts';
import { describeError, noteComponents } from '../errors.ts';
import type { JobOutcome, JobResult } from '../job.ts';
import type { DocumentShell, InRender } from '../ssr/document.tsx';
import { placeFailure } from './failure-place.ts';
import { Gone, digestForWire, renderFlight, type FlightStream, type ReportedError } from './flight-stream.ts';
import { HtmlSink } from './html-sink.ts';
import { InlineQueue, scriptString } from './inline.ts';
import { KeptPayload } from './kept-payload.ts';
import { lateInterrupt } from './late-interrupt.ts';
import { plainDocument } from './plain-document.ts';
import { reactMaps } from './react-maps.ts';
import { browserLocation } from './redirect-location.ts';
import type { Header, HtmlAnswer } from './renderer.ts';
import { ssrGraph, type SsrGraph } from './ssr-graph.ts';
import { assetUrl } from './asset-url.ts';
import { usedClients } from './used-clients.ts';

export const HTML_TYPE = 'text/html; charset=utf-8';
/** Payload that may wait for HTML before Flight is held back. */
const MOST_QUEUED = 256 * 1024;
/** Tries to show one payload: the page, the boundary, the boundary around it … */
const MOST_TRIES = 8;

export async function answerHtml(answer: HtmlAnswer): Promise<JobOutcome> {
  const ssr = await ssrGraph(answer.app);
  return new HtmlRender(answer, ssr).run();
}

/** A payload could not be shown at all. */
class NothingToShow extends Error {
  constructor(readonly status: number, readonly digest: string) {
    super('No boundary is left that could show this error.');
  }
}

type Shell = { shell: DocumentShell; status: number };

class HtmlRender {
  readonly #answer: HtmlAnswer;
  readonly #ssr: SsrGraph;
  readonly #flight: FlightStream;
  readonly #queue: InlineQueue;
  readonly #payload: PromiseLike<Payload>;
  readonly #preload: () => Iterable<string>;
  #sink: HtmlSink | undefined;
  #shell: DocumentShell | undefined;
  #failure: ReportedError | undefined;
  /** Digests by what was thrown, as Fizz reports an error before it fails with it. */
  readonly #digests = new Map<unknown, string>();
  #lateError: unknown;
  #flightEnded = false;
  /** Of the try under way; payload is read from the first one on. */
  #inRender: InRender | undefined;
  #startReading: () => void = () => undefined;
  #atFlightEnd: () => void = () => undefined;
  #over = false;
  /** Only if the answer may be stored. */
  readonly #kept: KeptPayload | undefined;
  #resolve: (outcome: JobOutcome) => void = () => undefined;

  constructor(answer: HtmlAnswer, ssr: SsrGraph) {
    this.#answer = answer;
    this.#ssr = ssr;
    this.#kept = answer.keepPayload ? new KeptPayload((bytes) => answer.out.payload(bytes)) : undefined;
    this.#queue = new InlineQueue(answer.nonce);
    this.#flight = renderFlight(answer.app, answer.payload, { place: 'render' });
    const maps = reactMaps(answer.app.manifest);
    const clients = usedClients(answer.app.manifest, maps);
    this.#preload = clients.chunks;
    this.#payload = ssr.parsePayload(this.#readFlight(), clients.moduleMap, maps.every, answer.nonce);
  }

  run(): Promise<JobOutcome> {
    const ended = new Promise<JobOutcome>((resolve) => (this.#resolve = resolve));
    this.#answer.onGone(() => this.#gone());
    void this.#tryShells().then(
      (shell) => this.#stream(shell),
      (error: unknown) => this.#withoutShell(error),
    );
    return ended;
  }

  /** The Flight stream as the parser's source. It is read as part of Fizz's render, so it starts with that. */
  #readFlight() {
    let data: (chunk: Uint8Array) => void = () => undefined;
    let end: () => void = () => undefined;
    this.#startReading = () =>
      this.#flight.read({
        data: (chunk) => {
          if (this.#over) return true;
          this.#queue.push(chunk);
          const kept = this.#kept?.add(chunk);
          kept?.then(() => this.#flight.release(), () => this.#gone());
          this.#inRender?.(() => data(chunk));
          this.#sink?.payloadArrived();
          // Before the shell nothing is held: it may need what comes next.
          return kept === undefined && (!this.#sink?.started || this.#queue.size < MOST_QUEUED);
        },
        end: () => {
          this.#flightEnded = true;
          this.#inRender?.(end);
          this.#sink?.payloadEnded();
          this.#atFlightEnd();
        },
      });
    return {
      on(event: string, listener: (...args: never[]) => void) {
        if (event === 'data') data = listener as typeof data;
        if (event === 'end') end = listener as typeof end;
      },
    };
  }

  async #tryShells(): Promise<Shell> {
    let failure: Failure | undefined;
    let { status } = this.#answer;
    for (let tries = 1; ; tries++) {
      let thrown: unknown;
      this.#lateError = undefined;
      try {
        const shell = await this.#renderShell(failure);
        const interrupted = failure ? undefined : this.#interruptedBeside();
        if (!interrupted) return { shell, status };
        thrown = interrupted.error;
        shell.abort(new Gone());
      } catch (error) {
        thrown = error;
      }
      if (this.#over) throw new Gone();
      // No fallback around what only the browser can show without a query: with one it can be shown here.
      if (isClientOnly(thrown)) this.#answer.needSearch?.();
      const interrupt = readInterrupt(thrown);
      if (interrupt?.kind === 'redirect') throw thrown;
      status = interrupt ? interrupt.status : 500;
      const digest = this.#digestOf(thrown);
      const payload = await this.#payload;
      const thrower = this.#ssr.findThrower(payload, thrown);
      failure = tries < MOST_TRIES ? placeFailure(payload, { digest, interrupt, thrower }, failure) : undefined;
      if (!failure) throw new NothingToShow(status, digest);
    }
  }

  /** What did not make the shell fail and is not too late for the status: a whole document has not begun at all. */
  #interruptedBeside(): { error: unknown } | undefined {
    if (this.#answer.whole && this.#lateError !== undefined) return { error: this.#lateError };
    return this.#answer.interrupted?.();
  }

  #renderShell(failure: Failure | undefined): Promise<DocumentShell> {
    const { app, payload, nonce, whole } = this.#answer;
    const { bootstrap } = app.manifest;
    const boot: Boot = {};
    if (failure) boot.failure = failure;
    if (bootstrap.instrumentationClient !== null) boot.instrumentation = assetUrl(app.manifest, bootstrap.instrumentationClient);
    return this.#ssr.renderDocument({
      payload: this.#payload,
      failure,
      modules: [assetUrl(app.manifest, bootstrap.browser)],
      preload: this.#preload,
      script: Object.keys(boot).length === 0 ? undefined : `self.__IB=${scriptString(boot)}`,
      nonce,
      formState: payload.formState ?? null,
      whole,
      onError: (error, components) => this.#onFizzError(error, components),
      needSearch: () => this.#answer.needSearch?.(),
      onBegin: (inRender) => {
        const first = this.#inRender === undefined;
        this.#inRender = inRender;
        // Not inside of the component: parsing may finish at once, and then it runs code.
        if (first) queueMicrotask(this.#startReading);
      },
    });
  }

  #onFizzError(error: unknown, components: string): string {
    noteComponents(error, components);
    const digest = this.#digestOf(error);
    const interrupt = readInterrupt(error);
    // Fizz does not say yet whether it is the shell that failed; with a shell it is not.
    if (interrupt) {
      if (this.#shell) this.#sink?.add(lateInterrupt(interrupt, this.#answer.app.manifest));
      else this.#lateError ??= error;
    }
    return digest;
  }

  /** Errors of server components were reported when they became rows of the payload, and have their digest. */
  #digestOf(error: unknown): string {
    const known = this.#digests.get(error);
    if (known !== undefined) return known;
    // Rows that were cut off when the reader left: nobody has done anything wrong.
    if (this.#over) return new Gone().digest;
    const own = typeof error === 'object' && error !== null ? (error as { digest?: unknown }).digest : undefined;
    let digest: string;
    if (typeof own === 'string' && (this.#flight.digests.has(own) || isClientOnly(error))) {
      digest = own;
    } else {
      const wire = digestForWire(this.#answer.app, error, 'ssr');
      if (wire.reported) this.#failure ??= { error, digest: wire.digest };
      digest = wire.digest;
    }
    this.#digests.set(error, digest);
    return digest;
  }

  #stream({ shell, status }: Shell): void {
    if (this.#over) return shell.abort(new Gone());
    const { out } = this.#answer;
    this.#shell = shell;
    const sink = new HtmlSink({
      send: (bytes) => out.write(bytes),
      queue: this.#queue,
      inserted: () => shell.insertedHtml(),
      room: () => (this.#queue.size < MOST_QUEUED ? this.#flight.release() : undefined),
      done: () => {
        const finish = () => this.#finish(status === 404 ? 'not_found' : 'ok');
        if (this.#kept) this.#kept.whenSent(finish);
        else finish();
      },
      failed: () => this.#gone(),
    });
    this.#sink = sink;
    this.#head(status);
    this.#kept?.open();
    // Interrupts inside of Suspense boundaries that were met on the way to the shell.
    const early = readInterrupt(this.#lateError);
    if (early) sink.add(lateInterrupt(early, this.#answer.app.manifest));
    if (this.#flightEnded) sink.payloadEnded();
    shell.pipe(sink);
  }

  #withoutShell(error: unknown): void {
    if (this.#over) return;
    const interrupt = readInterrupt(error);
    if (interrupt?.kind === 'redirect') {
      const status = interrupt.status === 303 ? 307 : interrupt.status;
      const headers: Header[] = [['location', browserLocation(interrupt.url, this.#answer.app.manifest)]];
      if (this.#kept) return this.#redirectWithPayload(this.#kept, status, headers);
      this.#answerAlone(status, headers);
      return this.#finish('redirect');
    }
    const [status, digest] = error instanceof NothingToShow ? [error.status, error.digest] : [500, this.#digestOf(error)];
    this.#answerAlone(status, [], plainDocument(status, status === 500 ? digest : undefined));
    this.#finish(status === 404 ? 'not_found' : 'ok');
  }

  /** What may be stored is a redirect for documents, and for navigations in the browser the payload that says so (Next behaviour 6.12). */
  #redirectWithPayload(kept: KeptPayload, status: number, headers: Header[]): void {
    this.#head(status, headers);
    kept.open();
    this.#atFlightEnd = () => kept.whenSent(() => this.#finish('redirect'));
    if (this.#flightEnded) this.#atFlightEnd();
  }

  #answerAlone(status: number, headers: Header[], body?: Uint8Array): void {
    this.#flight.abort(new Gone());
    this.#head(status, headers);
    if (body) void this.#answer.out.write(body)?.catch(() => undefined);
  }

  #head(status: number, more: Header[] = []): void {
    this.#answer.out.head(status, [['content-type', HTML_TYPE], ...this.#answer.headers, ...more]);
  }

  #gone(): void {
    if (this.#over) return;
    this.#shell?.abort(new Gone());
    this.#flight.abort(new Gone());
    this.#finish('aborted');
  }

  #finish(result: JobResult): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink?.stop();
    const failure = this.#failure ?? this.#flight.failure;
    this.#resolve(failure ? { result, error: { ...describeError(failure.error), digest: failure.digest } } : { result });
  }
}
