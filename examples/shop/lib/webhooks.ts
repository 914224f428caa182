import 'server-only';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { database } from './db/client';
import { webhookEvents } from './db/schema';

/** Notes an event; false if it has been here before. Senders deliver at least once. */
export async function isFirstDelivery(source: string, id: string): Promise<boolean> {
  const db = await database();
  const noted = await db.insert(webhookEvents).values({ id: `${source}:${id}`, source }).onConflictDoNothing().returning();
  return noted.length > 0;
}

/** Whether `signature` is the hex HMAC-SHA-256 of exactly these bytes. */
export function verifyHmac(body: Uint8Array, signature: string | null, key: string): boolean {
  if (!signature || !/^[0-9a-f]{64}$/i.test(signature)) return false;
  return timingSafeEqual(createHmac('sha256', key).update(body).digest(), Buffer.from(signature, 'hex'));
}
