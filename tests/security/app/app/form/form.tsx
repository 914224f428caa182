'use client';
import { act, leave } from '../../lib/actions';

export function Forms() {
  return (
    <>
      <form id="act" action={act}>
        <button>act</button>
      </form>
      <form id="leave" action={leave}>
        <button>leave</button>
      </form>
    </>
  );
}
