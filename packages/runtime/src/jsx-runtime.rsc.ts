/**
 * `react/jsx-runtime` of the `rsc` graph in production: React's own, and an eye on what client components are given. The
 * development build of React tells that itself.
 */
import { Fragment, jsx as make } from 'react/jsx-runtime';
import { noteProps } from './unsendable-props.ts';

export { Fragment };

type Jsx = typeof make;

export const jsx: Jsx = (type, props, key) => {
  noteProps(type, props as Record<string, unknown>, jsx);
  return make(type, props, key);
};

/** Lists whose items cannot change need no other treatment in production. */
export const jsxs: Jsx = (type, props, key) => {
  noteProps(type, props as Record<string, unknown>, jsxs);
  return make(type, props, key);
};
