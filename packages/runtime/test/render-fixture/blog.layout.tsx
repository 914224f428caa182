import type { ReactNode } from 'react';

export const metadata = { title: 'Blog' };

export default async function Blog({ children, params }: { children: ReactNode; params: Promise<object> }) {
  return <div data-params={JSON.stringify(await params)}>{children}</div>;
}
