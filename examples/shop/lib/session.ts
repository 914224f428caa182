import 'server-only';
import { eq } from 'drizzle-orm';
import { SignJWT, jwtVerify } from 'jose';
import { cookies } from 'next/headers';
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from 'react';
import { database } from './db/client';
import { dataFolder } from './db/embedded';
import { users } from './db/schema';
import { AppError } from './errors';

const COOKIE = 'session';
const DAYS = 7;

export type User = { id: string; name: string; email: string };

/** The key that sessions are signed with: from the environment, or one that all workers find in the data folder. */
function secret(): Uint8Array {
  const given = process.env.SESSION_SECRET;
  if (given) return new TextEncoder().encode(given);
  const file = join(dataFolder, 'session-secret');
  mkdirSync(dataFolder, { recursive: true });
  try {
    writeFileSync(file, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return new TextEncoder().encode(readFileSync(file, 'utf8'));
}

/** The user whose password this is. One message for both mistakes, so that nobody learns which addresses exist. */
export async function authenticate(email: string, password: string): Promise<User> {
  const db = await database();
  const [user] = await db.select().from(users).where(eq(users.email, email));
  const [salt, hash] = (user?.passwordHash ?? `${'00'.repeat(16)}:${'00'.repeat(32)}`).split(':') as [string, string];
  const same = timingSafeEqual(scryptSync(password, Buffer.from(salt, 'hex'), 32), Buffer.from(hash, 'hex'));
  if (!user || !same) throw new AppError('unauthenticated', 'E-mail address and password do not match.');
  return { id: user.id, name: user.name, email: user.email };
}

export async function openSession(user: User): Promise<void> {
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject(user.id).setIssuedAt().setExpirationTime(`${DAYS}d`).sign(secret());
  (await cookies()).set(COOKIE, token, { httpOnly: true, sameSite: 'lax', path: '/', maxAge: DAYS * 86_400, secure: process.env.SHOP_SECURE_COOKIES === '1' });
}

export async function closeSession(): Promise<void> {
  (await cookies()).delete(COOKIE);
}

/** Who asks, or null. Read once per request, however many components want to know. */
export const currentUser = cache(async (): Promise<User | null> => {
  const token = (await cookies()).get(COOKIE)?.value;
  if (!token) return null;
  try {
    const { payload } = await jwtVerify(token, secret(), { algorithms: ['HS256'] });
    const db = await database();
    const [user] = await db.select({ id: users.id, name: users.name, email: users.email }).from(users).where(eq(users.id, payload.sub ?? ''));
    return user ?? null;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('JW')) return null;
    throw error;
  }
});

export async function requireUser(): Promise<User> {
  const user = await currentUser();
  if (!user) throw new AppError('unauthenticated', 'Please sign in.');
  return user;
}
