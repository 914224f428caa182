import 'server-only';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
import { embeddedDatabase } from './embedded';
import { migrate } from './migrate';
import * as schema from './schema';

export type Database = NodePgDatabase<typeof schema>;

/** The connection of this process, opened once. A failed attempt is not kept, so that the next request tries again. */
let opening: Promise<Database> | undefined;

async function open(): Promise<Database> {
  const url = process.env.DATABASE_URL;
  const pool = url
    ? new Pool({ connectionString: url, max: 10 })
    : // The embedded database ends when nobody is connected, so connections are kept for as long as this process lives.
      new Pool({ host: await embeddedDatabase(), port: 5432, user: 'postgres', database: 'postgres', max: 4, idleTimeoutMillis: 0 });
  // A connection that breaks while nobody uses it must not end the process. The embedded database may have to be started
  // again, so the next request begins anew.
  pool.on('error', (error) => {
    console.warn('database connection lost:', error.message);
    if (!url) opening = undefined;
  });
  const client = await pool.connect();
  try {
    await migrate(client);
  } finally {
    client.release();
  }
  return drizzle(pool, { schema });
}

export function database(): Promise<Database> {
  opening ??= open().catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}
