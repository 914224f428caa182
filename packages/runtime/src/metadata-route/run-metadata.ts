/** Metadata files that are made by code: sitemap, robots, manifest, icons and social images (Next behaviour 4.36 to 4.38). */
import { accessFallbackOf, redirectOf } from 'next/navigation-errors';
import { app } from '../app.ts';
import { describeError } from '../errors.ts';
import type { JobContext, JobOutcome, JobRunner } from '../job.ts';
import { routeModule, routeOf } from '../manifest.ts';
import type { ModuleExports } from '../modules.ts';
import { BadParamError, decodedParams, promiseWithProperties, type Params } from '../params.ts';
import { untilDynamic } from '../shared-run.ts';
import { NativeResponse } from '../web/native.ts';
import { sendableHeaders } from '../web/response.ts';
import { sendResponse } from '../web/send-response.ts';
import { isAnswered } from './restricted-params.ts';
import { robotsText, type Robots } from './robots.ts';
import { sitemapXml, type SitemapEntry } from './sitemap.ts';

/** The parameter by which one module makes several files; the compiler's `METADATA_ID_PARAM`. */
export const ID_PARAM = '__metadata_id__';
const FRESH = 'public, max-age=0, must-revalidate';

type Produce = (props: object) => unknown;
type Text = { type: string; write(value: unknown): string };

const TEXTS: Record<string, Text> = {
  sitemap: { type: 'application/xml', write: (value) => sitemapXml(value as SitemapEntry[]) },
  robots: { type: 'text/plain', write: (value) => robotsText(value as Robots) },
  manifest: { type: 'application/manifest+json', write: (value) => JSON.stringify(value) },
};

export const runMetadata: JobRunner = (context) => untilDynamic(context, () => makeFile(context));

async function makeFile(context: JobContext): Promise<JobOutcome> {
  const { job, store } = context;
  const { manifest } = app();
  const route = routeOf(manifest, job);
  store.routePath = route.path;
  store.config = { dynamic: route.config.dynamic ?? undefined, revalidate: route.config.revalidate ?? undefined, fetchCache: route.config.fetchCache ?? undefined };
  try {
    const { module } = await routeModule(manifest, route);
    const file = route.file ?? route.path;
    const name = conventionName(file);
    const params = decodedParams(job.params);
    const { [ID_PARAM]: _, ...places } = params;
    if (!(await isAnswered(manifest, file, places))) return notFound(context);
    const response = await produce(module, name, file, params);
    return response ? await send(context, response) : notFound(context);
  } catch (error) {
    return failed(context, error);
  }
}

/** `sitemap` of `app/blog/sitemap.ts`, `icon` of `app/icon1.tsx`. */
export function conventionName(file: string): string {
  return /([^/]+?)\d?\.[^/]*$/.exec(file)?.[1] ?? '';
}

async function produce(module: ModuleExports, name: string, file: string, params: Params): Promise<Response | undefined> {
  const make = module['default'];
  if (typeof make !== 'function') throw new TypeError(`${file} has no default export that is a function.`);
  const { [ID_PARAM]: rawId, ...rest } = params;
  const props: Record<string, unknown> = {};
  // Sitemaps are told nothing but their id; images also where they belong.
  const isText = Object.hasOwn(TEXTS, name);
  if (!isText) props['params'] = promiseWithProperties(rest);
  let item: Item | undefined;
  if (typeof rawId === 'string') {
    // `/sitemap/1` is not another name of `/sitemap/1.xml`.
    if (name === 'sitemap' && !rawId.endsWith('.xml')) return undefined;
    const id = name === 'sitemap' ? rawId.slice(0, -'.xml'.length) : rawId;
    item = (await items(module, name, file, rest)).find((known) => String(known.id) === id);
    if (!item) return undefined;
    props['id'] = idPromise(id);
  }
  const value = await (make as Produce)(props);
  return isText && !(value instanceof NativeResponse) ? textResponse(TEXTS[name] as Text, value, file) : imageResponse(item?.contentType ?? module['contentType'], value, file);
}

/** The ids that a module lists, as they stand in URLs. */
export async function metadataIds(module: ModuleExports, name: string, file: string, params: Params): Promise<string[]> {
  return (await items(module, name, file, params)).map(({ id }) => String(id));
}

type Item = { id: unknown; contentType?: unknown };

/** What `generateSitemaps` or `generateImageMetadata` lists. Ids are compared as text: they come out of a URL. */
async function items(module: ModuleExports, name: string, file: string, params: Params): Promise<Item[]> {
  const generate = module[name === 'sitemap' ? 'generateSitemaps' : 'generateImageMetadata'];
  if (typeof generate !== 'function') return [];
  const list: unknown = await (generate as Produce)(name === 'sitemap' ? {} : { params: promiseWithProperties(params) });
  if (!Array.isArray(list)) throw new TypeError(`${file} has a ${generate.name} that returned no array.`);
  return list.map((item: unknown, index) => {
    const id = (item as { id?: unknown } | null)?.id;
    if (id === undefined || id === null) throw new TypeError(`${file}: the item ${index} of ${generate.name} has no \`id\`.`);
    return item as Item;
  });
}

/** A promise that is also usable as text, for code that doesn't wait. */
function idPromise(id: string): Promise<string> {
  const promise = Promise.resolve(id);
  Object.defineProperty(promise, Symbol.toPrimitive, { value: () => id });
  return promise;
}

function textResponse(text: Text, value: unknown, file: string): Response {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${file} returned ${value === null ? 'null' : typeof value}; it has to return the data of the file.`);
  return new Response(text.write(value), { headers: { 'content-type': text.type, 'cache-control': FRESH } });
}

function imageResponse(declared: unknown, value: unknown, file: string): Response {
  if (value instanceof NativeResponse) return value;
  const type = typeof declared === 'string' ? declared : 'image/png';
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value) || value instanceof Blob || value instanceof ReadableStream) {
    return new Response(value as BodyInit, { headers: { 'content-type': type } });
  }
  throw new TypeError(`${file} returned what is no image. Return a Response, or bytes.`);
}

async function send(context: JobContext, response: Response): Promise<JobOutcome> {
  if (context.store.sharedEnded) return { result: 'aborted' };
  const headers = sendableHeaders(response);
  if (!headers.some(([name]) => name === 'cache-control')) headers.push(['cache-control', FRESH]);
  const sent = await sendResponse(context, response, headers);
  return { result: sent === 'cancelled' ? 'aborted' : 'ok' };
}

function notFound({ out }: JobContext): JobOutcome {
  out.head(404, [['content-type', 'text/plain']]);
  return { result: 'not_found' };
}

async function failed(context: JobContext, error: unknown): Promise<JobOutcome> {
  if (!context.out.headSent) {
    if (accessFallbackOf(error) !== undefined) return notFound(context);
    const redirect = redirectOf(error);
    if (redirect) return send(context, new Response(null, { status: redirect.status, headers: { location: redirect.url } }));
  }
  if (error instanceof BadParamError && !context.out.headSent) {
    context.out.head(400, []);
    return { result: 'ok' };
  }
  if (context.out.cancelled || context.store.sharedEnded) return { result: 'aborted' };
  app().report(error, 'metadata');
  return { result: 'thrown', error: describeError(error) };
}
