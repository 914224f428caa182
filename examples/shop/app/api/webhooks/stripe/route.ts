import Stripe from 'stripe';
import { isFirstDelivery } from '@/lib/webhooks';

/** Verifying a signature needs no account, so the API key is a placeholder unless one is set. */
const stripe = new Stripe(process.env.STRIPE_API_KEY ?? 'sk_test_placeholder');
const secret = process.env.STRIPE_WEBHOOK_SECRET ?? 'whsec_example';

export async function POST(request: Request): Promise<Response> {
  const signature = request.headers.get('stripe-signature');
  if (!signature) return Response.json({ ok: false, error: 'The signature is missing.' }, { status: 400 });
  let event: Stripe.Event;
  try {
    // The signature is over the exact bytes, so the body must not be parsed first.
    event = stripe.webhooks.constructEvent(await request.text(), signature, secret);
  } catch {
    return Response.json({ ok: false, error: 'The signature does not match.' }, { status: 400 });
  }
  const first = await isFirstDelivery('stripe', event.id);
  return Response.json({ ok: true, received: event.type, duplicate: !first });
}
