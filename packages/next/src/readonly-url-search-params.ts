/** The query as `useSearchParams` gives it: a `URLSearchParams` that refuses changes. */

export class ReadonlyURLSearchParams extends URLSearchParams {
  /** @deprecated It throws. */
  override append(): never { throw unchangeable('append'); }
  /** @deprecated It throws. */
  override delete(): never { throw unchangeable('delete'); }
  /** @deprecated It throws. */
  override set(): never { throw unchangeable('set'); }
  /** @deprecated It throws. */
  override sort(): never { throw unchangeable('sort'); }
}

function unchangeable(method: string): TypeError {
  return new TypeError(`The search params of the current URL are read-only: \`${method}()\` is not possible. Copy them first, \`new URLSearchParams(searchParams)\`.`);
}
