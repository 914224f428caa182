const site = `http://127.0.0.1:${process.env.CANARY_PORT}`;

export default {
  async redirects() {
    return [
      { source: '/old/:path*', destination: '/new/:path*', permanent: false },
      { source: '/old-host', has: [{ type: 'host', value: '(?<name>.*)' }], destination: '/ok?from=:name', permanent: false },
    ];
  },
  async rewrites() {
    return [
      { source: '/out/:path*', destination: `${site}/:path*` },
      { source: '/shop/:host', destination: `http://:host:${process.env.CANARY_PORT}/` },
      { source: '/by-header', has: [{ type: 'header', key: 'x-shop', value: '(?<shop>.*)' }], destination: `http://:shop:${process.env.CANARY_PORT}/` },
      { source: '/inside/:path*', destination: '/secret/:path*' },
    ];
  },
};
