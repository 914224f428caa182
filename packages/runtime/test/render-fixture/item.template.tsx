import type { ReactNode } from 'react';

export default function Template({ children }: { children: ReactNode }) {
  return <section data-template>{children}</section>;
}
