declare module 'ironside:references' {
  export { action, clientModule, clientReference, seal } from '../../src/references.rsc.ts';
  export { serverReference } from '../../src/references.ssr.ts';
}
