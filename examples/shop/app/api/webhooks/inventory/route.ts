import { revalidateTag } from 'next/cache';
import { z } from 'zod';
import { AppError } from '@/lib/errors';
import { publish } from '@/lib/events';
import { organisationBySlug } from '@/lib/organisations';
import { respond } from '@/lib/respond';
import { parse } from '@/lib/validation';
import { isFirstDelivery, verifyHmac } from '@/lib/webhooks';
import { restock, stockTag } from '@/lib/widgets';

const secret = process.env.INVENTORY_WEBHOOK_SECRET ?? 'inventory-example';

const Delivery = z.object({ id: z.string().min(1).max(100), org: z.string(), sku: z.string(), quantity: z.number().int().min(1).max(1_000_000) });

/** A supplier tells that goods have arrived. `x-signature` is the hex HMAC-SHA-256 of the body. */
export async function POST(request: Request): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  return respond(async () => {
    if (!verifyHmac(body, request.headers.get('x-signature'), secret)) throw new AppError('unauthenticated', 'The signature does not match.');
    let json: unknown;
    try {
      json = JSON.parse(new TextDecoder().decode(body));
    } catch {
      throw new AppError('validation', 'The body is not JSON.');
    }
    const delivery = parse(Delivery, json);
    const organisation = await organisationBySlug(delivery.org);
    if (!(await isFirstDelivery('inventory', delivery.id))) return { duplicate: true };
    const widgetId = await restock(organisation, delivery.sku, delivery.quantity);
    if (!widgetId) throw new AppError('not_found', 'There is no such widget.');
    revalidateTag(stockTag(widgetId), { expire: 0 });
    publish({ type: 'stock.changed', widgetId });
    return { duplicate: false, widgetId };
  });
}
