// One Chromium for a test file, pages with and without JavaScript, and what they complained about.
import { chromium } from 'playwright-core';

export async function launch() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  /** A page in a context of its own (its own cookies); `complaints` has console errors and uncaught exceptions. */
  async function page({ javaScript = true, ...options } = {}) {
    const context = await browser.newContext({ javaScriptEnabled: javaScript, ...options });
    const tab = await context.newPage();
    const complaints = [];
    tab.on('console', (message) => {
      const { url } = message.location();
      // A browser asks for this one on its own account; an application without an icon answers 404.
      if (url.endsWith('/favicon.ico')) return;
      if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} (${url})`);
    });
    tab.on('pageerror', (error) => complaints.push(String(error)));
    tab.setDefaultTimeout(15_000);
    return Object.assign(tab, { complaints, done: () => context.close() });
  }
  return { page, close: () => browser.close() };
}

/** Waits until a condition holds, and says what was seen last if it never does. */
export async function until(read, holds, { timeout = 15_000 } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const seen = await read();
    if (holds(seen)) return seen;
    if (Date.now() > end) throw new Error(`never came true; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
