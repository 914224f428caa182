'use client';

import { useActionState } from 'react';
import { Field } from '@/components/field';
import { SubmitButton } from '@/components/submit-button';
import { signIn } from './actions';

export function SignInForm() {
  const [state, action] = useActionState(signIn, null);
  const errors = state && !state.ok ? state.fieldErrors : undefined;
  return (
    <form action={action} className="card flex flex-col gap-4">
      <Field label="E-mail address" name="email" type="email" autoComplete="username" required errors={errors?.email} />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required errors={errors?.password} />
      {state && !state.ok && !errors && <p role="alert" className="error">{state.error}</p>}
      <SubmitButton pending="Signing in …">Sign in</SubmitButton>
    </form>
  );
}
