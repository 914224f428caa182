import type { MetadataRoute } from 'next';

export default function sitemap(): MetadataRoute.Sitemap {
  const base = process.env.SHOP_URL ?? 'http://localhost:3000';
  return [
    { url: `${base}/`, changeFrequency: 'monthly', priority: 1 },
    { url: `${base}/sign-in`, changeFrequency: 'yearly' },
  ];
}
