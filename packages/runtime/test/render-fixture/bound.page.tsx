import { count } from './actions.ts';
import { BoundForm, ImportedForm } from './state-form.client.tsx';

export default function Bound() {
  return (
    <main>
      <BoundForm action={count as never} value="plain" />
      <BoundForm action={count.bind(null, 'one', 'two') as never} value="twice" />
      <ImportedForm />
    </main>
  );
}
