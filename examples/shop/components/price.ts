/** Cents as a price. The locale is fixed, so that the server and every browser write the same. */
export const price = (cents: number): string => `€ ${(cents / 100).toFixed(2)}`;
