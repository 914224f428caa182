import type { ReactNode } from 'react';
import { Where } from './where.client.tsx';

export const metadata = { title: { template: '%s - shop', default: 'Shop' }, description: 'of the layout' };

export default function Root({ children, modal }: { children: ReactNode; modal?: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <nav>root</nav>
        <Where />
        {children}
        {modal}
      </body>
    </html>
  );
}
