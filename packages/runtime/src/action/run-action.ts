/** The runner of `action` jobs: calls by fetch name the action, form posts carry it in the form. */
import type { JobContext, JobOutcome } from '../job.ts';
import { runByFetch } from './by-fetch.ts';
import { runByForm } from './by-form.ts';

export function runAction(context: JobContext): Promise<JobOutcome> {
  return context.job.target === '' && context.job.variant === 'html' ? runByForm(context) : runByFetch(context);
}
