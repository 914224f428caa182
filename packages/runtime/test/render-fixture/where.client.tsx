'use client';
import { usePathname } from 'next/navigation';
import { useState } from 'react';

export function Where() {
  const [count] = useState(7);
  return <i>{`${usePathname()} ${count}`}</i>;
}
