/** How often things happened in this worker. */
export const counts: { acted: number } = ((globalThis as { counts?: { acted: number } }).counts ??= { acted: 0 });
