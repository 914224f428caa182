import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'Widget Works', template: '%s · Widget Works' },
  description: 'Stock keeping for small makers of widgets.',
  icons: { icon: '/icon.svg' },
};

export const viewport: Viewport = { themeColor: '#b4430f' };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body className="min-h-dvh bg-paper text-ink antialiased">{children}</body>
    </html>
  );
}
