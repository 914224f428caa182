/** Bodies of actions: forms, and React's replies (the arguments of a call). */
import { decodeReply, type ServerManifest, type TemporaryReferenceSet } from 'react-server-dom-webpack/server.node';
import type { IncomingBody } from '../job.ts';

/** The client sent something that is no form or no list of arguments. Its text is for the log. */
export class BadBody extends Error {
  override name = 'BadBody';
}

const MOST_ARGUMENTS = 1000;

export const isMultipart = (contentType: string): boolean => /^multipart\/form-data(?:\s*;|$)/i.test(contentType.trim());

/** A form that was posted without JavaScript, with its parts in the order in which they came. */
export async function readForm(body: IncomingBody, contentType: string): Promise<FormData> {
  return withHexIds(await readMultipart(body, contentType), BOUND_PART);
}

async function readMultipart(body: IncomingBody, contentType: string): Promise<FormData> {
  const bytes = await body.bytes();
  try {
    return await new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } }).formData();
  } catch (cause) {
    throw new BadBody('The body is no well-formed multipart form.', { cause });
  }
}

/** The arguments of a call by fetch. */
export async function readArguments(body: IncomingBody, contentType: string, manifest: ServerManifest, temporaryReferences: TemporaryReferenceSet): Promise<unknown[]> {
  const reply = isMultipart(contentType) ? withHexIds(await readMultipart(body, contentType), REPLY_PART) : await body.text();
  let args: unknown;
  try {
    args = await decodeReply(reply, manifest, { temporaryReferences });
  } catch (cause) {
    throw new BadBody('The body is no list of arguments as React sends it.', { cause });
  }
  if (!Array.isArray(args)) throw new BadBody('The body holds no list of arguments.');
  if (args.length > MOST_ARGUMENTS) throw new BadBody(`The call has ${args.length} arguments; ${MOST_ARGUMENTS} is the most.`);
  return args;
}

/**
 * React's encoder names the fields of a form inside of a reply by the form's number in decimal, its decoder looks for them in
 * hexadecimal; from the tenth part on the form would arrive empty (Next behaviour 1.50). These are the beginnings of such names: in
 * a reply itself, and in the replies that a form without JavaScript carries for bound arguments. All other names of such a form are
 * the application's.
 */
const REPLY_PART = /^(_)(\d+)(?=_)/;
const BOUND_PART = /^(\$ACTION_[^:]*:_)(\d+)(?=_)/;

function withHexIds(form: FormData, part: RegExp): FormData {
  const fixed = new FormData();
  for (const [name, value] of form) {
    fixed.append(name.replace(part, (_, before: string, id: string) => before + Number(id).toString(16)), value);
  }
  return fixed;
}
