/** Functions of server modules as client code sees them. */

/** A function that throws, with what to do instead. */
export function serverOnly(api: string, from: string): (...args: unknown[]) => never {
  return () => {
    throw new Error(`\`${api}\` of '${from}' was called in a Client Component. It works on the server only: call it in a Server Component, a Server Action or a Route Handler, and hand the result down as a prop.`);
  };
}
