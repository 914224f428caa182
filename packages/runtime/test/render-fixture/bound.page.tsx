import { count } from './actions.ts';
import { BoundForm } from './state-form.client.tsx';

export default function Bound() {
  return <main><BoundForm action={count as never} /></main>;
}
