import 'server-only';
import { randomBytes, scryptSync } from 'node:crypto';
import type { PoolClient } from 'pg';

/** Any number that no other application uses for a lock in the same database. */
const LOCK = 72_611_004;

const statements = [
  `create table if not exists users (id uuid primary key default gen_random_uuid(), email text not null unique, name text not null, password_hash text not null)`,
  `create table if not exists organisations (id uuid primary key default gen_random_uuid(), slug text not null unique, name text not null)`,
  `create table if not exists memberships (
     organisation_id uuid not null references organisations(id) on delete cascade,
     user_id uuid not null references users(id) on delete cascade,
     role text not null check (role in ('owner', 'member')),
     primary key (organisation_id, user_id))`,
  `create table if not exists widgets (
     id uuid primary key default gen_random_uuid(),
     organisation_id uuid not null references organisations(id) on delete cascade,
     sku text not null, name text not null,
     price_cents integer not null check (price_cents >= 0),
     stock integer not null check (stock >= 0),
     created_by uuid not null references users(id),
     created_at timestamptz not null default now())`,
  `create unique index if not exists widgets_sku on widgets (organisation_id, sku)`,
  `create table if not exists reservations (
     id uuid primary key default gen_random_uuid(),
     widget_id uuid not null references widgets(id) on delete cascade,
     user_id uuid not null references users(id),
     quantity integer not null check (quantity > 0),
     created_at timestamptz not null default now())`,
  `create table if not exists webhook_events (id text primary key, source text not null, received_at timestamptz not null default now())`,
];

export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  return `${salt.toString('hex')}:${scryptSync(password, salt, 32).toString('hex')}`;
}

/** Tables and, in an empty database, something to look at. Safe when several workers do it at once. */
export async function migrate(client: PoolClient): Promise<void> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    for (const statement of statements) await client.query(statement);
    const { rows } = await client.query<{ count: string }>('select count(*) from users');
    if (rows[0]?.count === '0') await seed(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function seed(client: PoolClient): Promise<void> {
  const add = async (table: string, row: Record<string, unknown>): Promise<string> => {
    const names = Object.keys(row);
    const marks = names.map((_, index) => `$${index + 1}`);
    const { rows } = await client.query<{ id: string }>(`insert into ${table} (${names.join(', ')}) values (${marks.join(', ')}) returning *`, Object.values(row));
    return rows[0]?.id ?? '';
  };
  const password_hash = hashPassword('widgets');
  const ada = await add('users', { email: 'ada@example.com', name: 'Ada', password_hash });
  const grace = await add('users', { email: 'grace@example.com', name: 'Grace', password_hash });
  const linus = await add('users', { email: 'linus@example.com', name: 'Linus', password_hash });
  const acme = await add('organisations', { slug: 'acme', name: 'Acme Widgets' });
  const globex = await add('organisations', { slug: 'globex', name: 'Globex' });
  await add('memberships', { organisation_id: acme, user_id: ada, role: 'owner' });
  await add('memberships', { organisation_id: acme, user_id: grace, role: 'member' });
  await add('memberships', { organisation_id: globex, user_id: linus, role: 'owner' });
  const stock: [string, string, number, number][] = [
    ['SPR-001', 'Sprocket, brass', 450, 120],
    ['FLG-014', 'Flange, 40 mm', 1290, 36],
    ['GRM-200', 'Grommet, rubber', 35, 2400],
  ];
  for (const [sku, name, price_cents, count] of stock) {
    await add('widgets', { organisation_id: acme, sku, name, price_cents, stock: count, created_by: ada });
  }
  await add('widgets', { organisation_id: globex, sku: 'CUT-01', name: 'Cutting head', price_cents: 9900, stock: 4, created_by: linus });
}
