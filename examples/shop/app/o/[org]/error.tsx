'use client';

export default function OrganisationError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div role="alert" className="card flex flex-col items-start gap-3">
      <h2 className="text-lg font-semibold">That did not work</h2>
      <p className="text-stone-600">Something went wrong on our side. {error.digest && <>When you write to us, mention <code>{error.digest}</code>.</>}</p>
      <button type="button" className="button" onClick={reset}>Try again</button>
    </div>
  );
}
