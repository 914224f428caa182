/** Tells screen readers the title of a page that was navigated to, as a document load would. */

let region: HTMLElement | undefined;
let said = '';
let due = false;

/** To be called when a navigation is on the screen; a title that comes late is told when it is there. */
export function announce(): void {
  if (!region?.isConnected) region = create();
  due = true;
  queueMicrotask(tell);
}

function tell(): void {
  if (!due || !region) return;
  const title = document.title || document.querySelector('h1')?.textContent || location.pathname;
  if (title === said) return;
  due = false;
  said = title;
  region.textContent = title;
}

/** In a shadow tree, so that neither styles nor selectors of the application reach it. */
function create(): HTMLElement {
  const host = document.createElement('ironside-announcer');
  host.style.cssText = 'position:absolute';
  const live = document.createElement('div');
  live.setAttribute('aria-live', 'assertive');
  live.setAttribute('role', 'alert');
  live.style.cssText = 'position:absolute;width:1px;height:1px;margin:-1px;padding:0;border:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap';
  host.attachShadow({ mode: 'open' }).append(live);
  document.body.append(host);
  return live;
}

/** The title of the document as it was loaded has been told by the browser. */
export function startAnnouncing(): void {
  said = document.title;
  new MutationObserver(tell).observe(document.head, { childList: true, subtree: true, characterData: true });
}
