// Headers that only the server itself may set, of Next's and of ours.
export const internal = [
  'x-middleware-subrequest', 'x-middleware-next', 'x-middleware-rewrite', 'x-middleware-override-headers', 'x-middleware-set-cookie',
  'x-middleware-prefetch', 'x-middleware-request-cookie', 'x-middleware-invoke', 'x-nextjs-data', 'x-nextjs-matched-path', 'x-nextjs-rewrite',
  'x-nextjs-redirect', 'x-nextjs-prerender', 'x-ironside-route', 'x-ironside-anything', 'x-invoke-path', 'x-invoke-query', 'x-invoke-status',
  'x-invoke-output', 'x-invoke-error', 'x-action-forwarded', 'x-action-redirect', 'x-action-revalidated', 'x-now-route-matches',
  'x-matched-path', 'next-resume', 'x-next-resume-state-length', 'x-prerender-revalidate', 'x-prerender-revalidate-if-generated',
  'x-next-revalidated-tags', 'x-next-revalidate-tag-token',
];
