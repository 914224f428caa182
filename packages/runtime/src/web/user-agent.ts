/**
 * `userAgent()` of `next/server`: browser, system and device out of the `user-agent` header. The common ones by name; anything
 * else is left out rather than guessed. First match wins, so the more specific rules stand first.
 */

export type UserAgent = {
  isBot: boolean;
  ua: string;
  browser: { name?: string; version?: string; major?: string };
  engine: { name?: string; version?: string };
  os: { name?: string; version?: string };
  device: { model?: string; type?: string; vendor?: string };
  cpu: { architecture?: string };
};

type Rule = [name: string, pattern: RegExp];

const BOTS = /Googlebot|Mediapartners-Google|AdsBot-Google|googleweblight|Storebot-Google|Google-PageRenderer|Google-InspectionTool|Bingbot|BingPreview|Slurp|DuckDuckBot|baiduspider|yandex|sogou|LinkedInBot|bitlybot|tumblr|vkShare|quora link preview|facebookexternalhit|facebookcatalog|Twitterbot|applebot|redditbot|Slackbot|Discordbot|WhatsApp|SkypeUriPreview|ia_archiver|GPTBot|ClaudeBot|PerplexityBot/i;

const BROWSERS: Rule[] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\/([\d.]+)/],
  ['Opera', /\b(?:OPR|Opera|OPiOS)\/([\d.]+)/],
  ['Samsung Internet', /\bSamsungBrowser\/([\d.]+)/],
  ['UCBrowser', /\bUCBrowser\/([\d.]+)/],
  ['Yandex', /\bYaBrowser\/([\d.]+)/],
  ['Vivaldi', /\bVivaldi\/([\d.]+)/],
  ['Mobile Chrome', /\bCriOS\/([\d.]+)/],
  ['Mobile Firefox', /\bFxiOS\/([\d.]+)/],
  ['Chrome Headless', /\bHeadlessChrome\/([\d.]+)/],
  ['Chrome WebView', /; wv\).*\bChrome\/([\d.]+)/],
  ['Mobile Chrome', /\bAndroid\b.*\bChrome\/([\d.]+) Mobile/],
  ['Chrome', /\bChrome\/([\d.]+)/],
  ['Mobile Firefox', /\bMobile\b.*\bFirefox\/([\d.]+)/],
  ['Firefox', /\bFirefox\/([\d.]+)/],
  ['Mobile Safari', /\bVersion\/([\d.]+).*\bMobile\/?\w*.*\bSafari\//],
  ['Safari', /\bVersion\/([\d.]+).*\bSafari\//],
  ['IE', /\b(?:MSIE |Trident\/.*rv:)([\d.]+)/],
];

const ENGINES: Rule[] = [
  ['EdgeHTML', /\bEdge\/([\d.]+)/],
  ['Blink', /\b(?:Chrome|HeadlessChrome)\/([\d.]+)/],
  ['WebKit', /\bAppleWebKit\/([\d.]+)/],
  ['Trident', /\bTrident\/([\d.]+)/],
  ['Gecko', /\brv:([\d.]+)\).*\bGecko\//],
];

const SYSTEMS: Rule[] = [
  ['iOS', /\b(?:iPhone|iPad|iPod)\b.*?\bOS ([\d_]+)/],
  ['iOS', /\b(?:iPhone|iPad|iPod)\b()/],
  ['Android', /\bAndroid ?([\d.]*)/],
  ['Windows', /\bWindows NT ([\d.]+)/],
  ['Mac OS', /\bMac OS X ?([\d_.]*)/],
  ['Chrome OS', /\bCrOS \S+ ([\d.]+)/],
  ['Ubuntu', /\bUbuntu(?:\/([\d.]+))?/],
  ['Linux', /\bLinux\b()/],
];

const WINDOWS: Record<string, string> = { '10.0': '10', '6.3': '8.1', '6.2': '8', '6.1': '7', '6.0': 'Vista', '5.1': 'XP' };

export function userAgent(request: { headers: Headers }): UserAgent {
  return userAgentFromString(request.headers.get('user-agent') ?? undefined);
}

export function userAgentFromString(input: string | undefined): UserAgent {
  const ua = (input ?? '').slice(0, 1024);
  const browser = find(BROWSERS, ua);
  const major = browser.version?.split('.')[0];
  const os = find(SYSTEMS, ua);
  if (os.name === 'Windows' && os.version !== undefined) os.version = WINDOWS[os.version] ?? os.version;
  return {
    isBot: BOTS.test(ua),
    ua,
    browser: { ...browser, ...(major === undefined ? {} : { major }) },
    engine: find(ENGINES, ua),
    os,
    device: deviceOf(ua),
    cpu: cpuOf(ua),
  };
}

function find(rules: Rule[], ua: string): { name?: string; version?: string } {
  for (const [name, pattern] of rules) {
    const match = pattern.exec(ua);
    if (!match) continue;
    const version = match[1]?.replaceAll('_', '.');
    return version ? { name, version } : { name };
  }
  return {};
}

function deviceOf(ua: string): UserAgent['device'] {
  const apple = /\b(iPhone|iPad|iPod)\b/.exec(ua)?.[1];
  if (apple) return { type: apple === 'iPad' ? 'tablet' : 'mobile', model: apple, vendor: 'Apple' };
  if (/\bMacintosh\b/.test(ua)) return { model: 'Macintosh', vendor: 'Apple' };
  if (/\bAndroid\b/.test(ua)) {
    const model = /\bAndroid [^;)]+; (?:[a-z]{2}-[a-z]{2}; )?([^;)]+?)(?: Build\/[^;)]+)?[;)]/.exec(ua)?.[1];
    const type = /\bMobile\b/.test(ua) ? 'mobile' : 'tablet';
    const vendor = model === undefined ? undefined : /^SM-|^GT-|^Galaxy/.test(model) ? 'Samsung' : /^Pixel|^Nexus/.test(model) ? 'Google' : undefined;
    return { type, ...(model === undefined || model === 'K' ? {} : { model }), ...(vendor === undefined ? {} : { vendor }) };
  }
  if (/\b(?:SmartTV|SMART-TV|AppleTV|HbbTV)\b/.test(ua)) return { type: 'smarttv' };
  if (/\bMobile\b/.test(ua)) return { type: 'mobile' };
  return {};
}

function cpuOf(ua: string): UserAgent['cpu'] {
  if (/\b(?:x86_64|x64|Win64|WOW64|amd64)\b/i.test(ua)) return { architecture: 'amd64' };
  if (/\b(?:aarch64|arm64)\b/i.test(ua)) return { architecture: 'arm64' };
  if (/\b(?:i[3-6]86|x86)\b/i.test(ua)) return { architecture: 'ia32' };
  if (/\barmv?\d*\b/i.test(ua)) return { architecture: 'arm' };
  return {};
}
