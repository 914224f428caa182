import type { ComponentProps } from 'react';

/** A labelled input with the errors of its field. */
export function Field({ label, errors, name, ...input }: { label: string; errors?: string[] | undefined; name: string } & ComponentProps<'input'>) {
  return (
    <label className="block text-sm font-medium text-stone-700">
      {label}
      <input name={name} className="field" aria-invalid={errors ? true : undefined} aria-describedby={errors ? `${name}-error` : undefined} {...input} />
      {errors && (
        <span id={`${name}-error`} role="alert" className="error block">
          {errors.join(', ')}
        </span>
      )}
    </label>
  );
}
