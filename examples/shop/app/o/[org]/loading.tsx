export default function Loading() {
  return (
    <div className="flex animate-pulse flex-col gap-3" role="status" aria-label="Loading">
      <div className="h-20 rounded-2xl bg-stone-200" />
      <div className="h-20 rounded-2xl bg-stone-200" />
      <div className="h-20 rounded-2xl bg-stone-200" />
    </div>
  );
}
