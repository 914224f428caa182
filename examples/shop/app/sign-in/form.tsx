'use client';

import { useActionState } from 'react';
import { Field } from '@/components/field';
import { SubmitButton } from '@/components/submit-button';
import { signIn } from './actions';

export function SignInForm() {
  const [state, action] = useActionState(signIn, null);
  const failure = state?.ok === false ? state : undefined;
  const errors = failure?.fieldErrors;
  return (
    <form action={action} className="card flex flex-col gap-4">
      <Field label="E-mail address" name="email" type="email" autoComplete="username" required defaultValue={String(failure?.values?.email ?? '')} errors={errors?.email} />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required errors={errors?.password} />
      {failure && Object.keys(failure.fieldErrors).length === 0 && <p role="alert" className="error">{failure.error}</p>}
      <SubmitButton pending="Signing in …">Sign in</SubmitButton>
    </form>
  );
}
