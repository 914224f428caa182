/**
 * What goes into a document that has begun when a page redirects or turns out not to exist (Next behaviour 6.14). In the browser
 * React's boundaries do the same; this is for those who read the HTML without it.
 */
import type { Interrupt } from '@ironside/client/digest.ts';
import type { Manifest } from '@ironside/protocol/manifest.ts';
import { browserLocation } from './redirect-location.ts';

export function lateInterrupt(interrupt: Interrupt, manifest: Manifest): string {
  if (interrupt.kind === 'http') return '<meta name="robots" content="noindex"/>';
  const url = browserLocation(interrupt.url, manifest).replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<meta id="__next-page-redirect" http-equiv="refresh" content="${interrupt.status === 308 ? 0 : 1};url=${url}"/>`;
}
