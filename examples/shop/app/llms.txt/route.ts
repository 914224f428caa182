const text = `# Widget Works

> Stock keeping for small makers of widgets. An example application of Ironside.

## API

All paths want the session cookie. \`?org=\` names the organisation.

- GET /api/widgets: the widgets
- POST /api/widgets: a new one: {"sku", "name", "priceCents", "stock"}
- GET /api/widgets/{id}: one, with its stock
- DELETE /api/widgets/{id}: gone
- GET /api/events: changes as server-sent events
- POST /api/webhooks/stripe, POST /api/webhooks/inventory: signed webhooks
- GET /api/health

Errors are {"ok": false, "code", "error", "fieldErrors"?} with a fitting status.
`;

export function GET(): Response {
  return new Response(text, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
}
