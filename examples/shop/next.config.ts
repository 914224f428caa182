import type { NextConfig } from 'next';

const config: NextConfig = {
  // The database drivers stay outside of the bundle.
  serverExternalPackages: ['pg', '@electric-sql/pglite'],
  experimental: { authInterrupts: true },
};

export default config;
