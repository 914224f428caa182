/** Fetching ahead is for production, and not for readers who save data or whose line is slow. */
export function mayPrefetch(): boolean {
  if (process.env.NODE_ENV !== 'production') return false;
  const { connection } = navigator as { connection?: { saveData?: boolean; effectiveType?: string } };
  return !connection?.saveData && !connection?.effectiveType?.endsWith('2g');
}
