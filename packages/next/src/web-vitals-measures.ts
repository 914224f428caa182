/**
 * The five Web Vitals as https://web.dev/vitals defines them, from the browser's performance entries. TTFB and FCP are reported when known,
 * LCP, CLS and INP when the page is hidden or left (LCP also at the first input).
 */

export type MetricName = 'TTFB' | 'FCP' | 'LCP' | 'CLS' | 'INP';
export type Metric = {
  id: string;
  name: MetricName;
  value: number;
  delta: number;
  rating: 'good' | 'needs-improvement' | 'poor';
  entries: PerformanceEntry[];
  navigationType: string;
};

type Report = (metric: Metric) => void;
type LayoutShift = PerformanceEntry & { value: number; hadRecentInput: boolean };
type Interaction = PerformanceEntry & { interactionId?: number };

/** Up to the first good, up to the second in need of improvement. */
const LIMITS: Readonly<Record<MetricName, readonly [number, number]>> = {
  TTFB: [800, 1800], FCP: [1800, 3000], LCP: [2500, 4000], CLS: [0.1, 0.25], INP: [200, 500],
};

export function observeVitals(report: Report): () => void {
  const ends = [firstByte(report), firstPaint(report), largestPaint(report), layoutShift(report), slowInteraction(report)];
  return () => ends.forEach((end) => end());
}

function reporter(name: MetricName, report: Report): (value: number, entries: PerformanceEntry[]) => void {
  const id = `v1-${Date.now()}-${Math.floor(Math.random() * 1e12)}`;
  let last: number | undefined;
  return (value, entries) => {
    if (value === last) return;
    const [good, fair] = LIMITS[name];
    const rating = value <= good ? 'good' : value <= fair ? 'needs-improvement' : 'poor';
    report({ id, name, value, delta: value - (last ?? 0), rating, entries, navigationType: navigationType() });
    last = value;
  };
}

const navigation = (): PerformanceNavigationTiming | undefined =>
  performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined;
const navigationType = (): string => navigation()?.type.replace('_', '-') ?? 'navigate';
/** Of a page that was prerendered by the browser, time begins when it is shown. */
const activation = (): number => (navigation() as { activationStart?: number } | undefined)?.activationStart ?? 0;

function observe(type: string, seen: (entries: PerformanceEntry[]) => void, more: object = {}): { flush: () => void; end: () => void } {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return { flush: () => undefined, end: () => undefined };
  const observer = new PerformanceObserver((list) => seen(list.getEntries()));
  observer.observe({ type, buffered: true, ...more });
  return { flush: () => seen(observer.takeRecords()), end: () => observer.disconnect() };
}

function onHidden(run: () => void): () => void {
  const hidden = (): void => { if (document.visibilityState === 'hidden') run(); };
  addEventListener('visibilitychange', hidden, true);
  addEventListener('pagehide', run, true);
  return () => {
    removeEventListener('visibilitychange', hidden, true);
    removeEventListener('pagehide', run, true);
  };
}

function firstByte(report: Report): () => void {
  const tell = reporter('TTFB', report);
  const entry = navigation();
  if (entry && entry.responseStart > 0) tell(Math.max(entry.responseStart - activation(), 0), [entry]);
  return () => undefined;
}

function firstPaint(report: Report): () => void {
  const tell = reporter('FCP', report);
  return observe('paint', (entries) => {
    const entry = entries.find(({ name }) => name === 'first-contentful-paint');
    if (entry) tell(Math.max(entry.startTime - activation(), 0), [entry]);
  }).end;
}

function largestPaint(report: Report): () => void {
  const tell = reporter('LCP', report);
  let largest: PerformanceEntry | undefined;
  const { flush, end } = observe('largest-contentful-paint', (entries) => { largest = entries.at(-1) ?? largest; });
  const finish = (): void => {
    flush();
    if (largest) tell(Math.max(largest.startTime - activation(), 0), [largest]);
    end();
  };
  const endHidden = onHidden(finish);
  const inputs = ['keydown', 'click'] as const;
  const first = (event: Event): void => { if (event.isTrusted) finish(); };
  for (const type of inputs) addEventListener(type, first, { once: true, capture: true });
  return () => {
    end();
    endHidden();
    for (const type of inputs) removeEventListener(type, first, true);
  };
}

/** Shifts that follow each other within a second form a session of at most five; the worst session counts. */
function layoutShift(report: Report): () => void {
  const tell = reporter('CLS', report);
  let session: LayoutShift[] = [];
  let worst: { value: number; entries: LayoutShift[] } = { value: 0, entries: [] };
  const { flush, end } = observe('layout-shift', (entries) => {
    for (const entry of entries as LayoutShift[]) {
      if (entry.hadRecentInput) continue;
      const [first, last] = [session[0], session.at(-1)];
      const goesOn = first && last && entry.startTime - last.startTime < 1000 && entry.startTime - first.startTime < 5000;
      session = goesOn ? [...session, entry] : [entry];
      const value = session.reduce((sum, shift) => sum + shift.value, 0);
      if (value > worst.value) worst = { value, entries: session };
    }
  });
  const endHidden = onHidden(() => { flush(); tell(worst.value, worst.entries); });
  return () => { end(); endHidden(); };
}

/** The slowest interaction; of every fifty the worst one does not count. */
function slowInteraction(report: Report): () => void {
  const tell = reporter('INP', report);
  const slowest = new Map<number, Interaction>();
  const { flush, end } = observe('event', (entries) => {
    for (const entry of entries as Interaction[]) {
      if (!entry.interactionId) continue;
      const known = slowest.get(entry.interactionId);
      if (!known || known.duration < entry.duration) slowest.set(entry.interactionId, entry);
    }
  }, { durationThreshold: 40 });
  const endHidden = onHidden(() => {
    flush();
    const all = [...slowest.values()].sort((a, b) => b.duration - a.duration);
    const chosen = all[Math.min(Math.floor(all.length / 50), all.length - 1)];
    if (chosen) tell(chosen.duration, [chosen]);
  });
  return () => { end(); endHidden(); };
}
