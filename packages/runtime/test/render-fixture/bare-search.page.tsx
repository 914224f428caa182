import { Search } from './search.client.tsx';

export default function BareSearchPage() {
  return <main><Search /></main>;
}
