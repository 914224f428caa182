'use client';
export default function ItemError({ error }: { error: Error & { digest?: string } }) {
  return <h2>{`failed with ${error.digest} ${error.message}`}</h2>;
}
