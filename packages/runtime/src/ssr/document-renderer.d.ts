/** A copy of React's HTML renderer that encodes with `html-text.ts`; the compiler makes it. */
declare module 'ironside:document-renderer' {
  export { renderToPipeableStream, renderToStaticMarkup } from 'react-dom/server.node';
}
