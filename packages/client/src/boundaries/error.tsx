/**
 * Shows a segment's `error` file in place of what threw. Errors that stand for a redirect or for not-found pass through: they belong
 * to the boundaries inside and above (`interrupt.tsx`).
 */
'use client';
import { Component } from 'react';
import type { ComponentType, ReactNode } from 'react';
import { readInterrupt } from '../digest.ts';
import type { ErrorFileProps } from '../payload.ts';

export type ErrorInfo = { error: unknown; reset: () => void; retry: () => void };
type Caught = { error: unknown; at: number | null };
type Props = {
  /** Number of the view; a new view gets a new try. */
  view: number;
  /** Start in this state: the server saw it fail (`failure.ts`). */
  failed?: Error | undefined;
  /** The error as it was thrown; `asError` makes an Error of it. */
  render: (info: ErrorInfo) => ReactNode;
  /** Asks the server again. */
  retry: () => void;
  children: ReactNode;
};
type State = { caught: Caught | null };

export class ErrorBoundary extends Component<Props, State> {
  override state: State = { caught: this.props.failed ? { error: this.props.failed, at: this.props.view } : null };

  static getDerivedStateFromError(error: unknown): State {
    if (readInterrupt(error)) throw error;
    return { caught: { error, at: null } };
  }

  /** `at` is filled in here because `getDerivedStateFromError` does not see the props. */
  static getDerivedStateFromProps(props: Props, state: State): State | null {
    const { caught } = state;
    if (!caught) return null;
    if (caught.at === null) return { caught: { error: caught.error, at: props.view } };
    return caught.at === props.view ? null : { caught: null };
  }

  reset = (): void => this.setState({ caught: null });

  override render(): ReactNode {
    const { caught } = this.state;
    if (!caught) return this.props.children;
    return this.props.render({ error: caught.error, reset: this.reset, retry: this.props.retry });
  }
}

/** Shows an `error` or `global-error` file. */
export function errorFile(Show: ComponentType<ErrorFileProps>): (info: ErrorInfo) => ReactNode {
  return ({ error, reset, retry }) => <Show error={asError(error)} reset={reset} retry={retry} unstable_retry={retry} />;
}

/** `error` files rely on an Error, but anything can be thrown. */
function asError(thrown: unknown): Error & { digest?: string } {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
