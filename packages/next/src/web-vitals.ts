/** `next/web-vitals`: reports how fast the page came and answers. The measures are in `web-vitals-measures.ts`. */
'use client';
import { useEffect } from 'react';
import { observeVitals } from './web-vitals-measures.ts';
import type { Metric } from './web-vitals-measures.ts';

export type { Metric } from './web-vitals-measures.ts';

/** Calls back with each measure when it is known. The function has to stay the same, or all are reported again. */
export function useReportWebVitals(report: (metric: Metric) => void): void {
  useEffect(() => observeVitals(report), [report]);
}
