import { Suspense } from 'react';
import { preconnect } from 'react-dom';
import { Search } from './search.client.tsx';

export default function SearchPage() {
  preconnect('https://hint.example');
  return <main>around <Suspense fallback={<i>fallback</i>}><Search /></Suspense></main>;
}
