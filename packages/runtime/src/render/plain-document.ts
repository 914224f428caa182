/**
 * Documents for when React has nothing to show: the application's own error page failed as well, or there is none. They need
 * nothing but themselves.
 */
const TEXTS: Record<number, [title: string, text: string]> = {
  401: ['Sign in to see this page', 'You have to be signed in.'],
  403: ['You may not see this page', 'Your account has no access to it.'],
  404: ['This page could not be found', 'The address may be wrong, or the page was removed.'],
  413: ['This is too large', 'Go back and send less, or smaller files.'],
  500: ['Something went wrong', 'This page could not be shown. Trying again may help.'],
};

export function plainDocument(status: number, digest?: string): Uint8Array {
  const [title, text] = TEXTS[status] ?? (TEXTS[500] as [string, string]);
  const reference = digest === undefined ? '' : `<p><small>Reference: ${digest.replace(/[^\w;@.-]/g, '')}</small></p>`;
  return Buffer.from(
    `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title></head>` +
      `<body style="font-family:system-ui,sans-serif;margin:20vh auto;max-width:32rem;padding:0 1rem"><h1 style="font-size:1.5rem">${title}</h1><p>${text}</p>${reference}</body></html>`,
  );
}
