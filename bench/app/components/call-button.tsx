'use client';
import { useState } from 'react';
import { orderWidget } from '../app/call/actions';
export function CallButton() {
  const [id, setId] = useState<number | undefined>();
  return (
    <button type="button" onClick={async () => setId((await orderWidget({ name: 'clicked', qty: 1 })).id)}>
      {id === undefined ? 'Order' : `Ordered: ${id}`}
    </button>
  );
}
