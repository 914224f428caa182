import { seal } from 'ironside:references';
import { cookies } from 'next/headers';
import { join, sealed } from './actions.ts';
import { StateForm } from './state-form.client.tsx';

export default async function Forms() {
  const bound = sealed.bind(null, seal(`60${'2'.repeat(40)}`, ['captured', 1]) as never);
  return (
    <main>
      <p>{`user ${(await cookies()).get('user')?.value}`}</p>
      <StateForm action={join as never} />
      <form action={bound as never}><button>go</button></form>
    </main>
  );
}
