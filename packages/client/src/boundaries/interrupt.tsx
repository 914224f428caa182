/**
 * Where `notFound()`, `forbidden()`, `unauthorized()` and `redirect()` end that were thrown while rendering. A not-found (…) error
 * is caught if the segment has an element to show for it; a redirect always: the router goes there.
 */
'use client';
import { Component, useEffect } from 'react';
import type { ReactNode } from 'react';
import { readInterrupt } from '../digest.ts';
import type { Interrupt } from '../digest.ts';

type Redirect = Extract<Interrupt, { kind: 'redirect' }>;
export type HttpErrorElements = { notFound?: ReactNode; forbidden?: ReactNode; unauthorized?: ReactNode };
type Props = { view: number; /** Start in this state: the server saw it (`failure.ts`). */ failed?: Error | undefined; elements: HttpErrorElements; redirect: (to: Redirect) => void; children: ReactNode };
type State = { caught: { interrupt: Interrupt; error: unknown; at: number | null } | null };

const elementFor = (elements: HttpErrorElements, status: 401 | 403 | 404): ReactNode =>
  status === 404 ? elements.notFound : status === 403 ? elements.forbidden : elements.unauthorized;

export class InterruptBoundary extends Component<Props, State> {
  override state: State = initialState(this.props);

  static getDerivedStateFromError(error: unknown): State {
    const interrupt = readInterrupt(error);
    if (!interrupt) throw error;
    // A redirect that the router has followed already (of an action): nothing to do but to render on.
    if (interrupt.kind === 'redirect' && interrupt.handled) return { caught: null };
    return { caught: { interrupt, error, at: null } };
  }

  static getDerivedStateFromProps(props: Props, state: State): State | null {
    const { caught } = state;
    if (!caught) return null;
    if (caught.at === null) return { caught: { ...caught, at: props.view } };
    return caught.at === props.view ? null : { caught: null };
  }

  override render(): ReactNode {
    const { caught } = this.state;
    if (!caught) return this.props.children;
    if (caught.interrupt.kind === 'redirect') return <Follow to={caught.interrupt} redirect={this.props.redirect} />;
    const element = elementFor(this.props.elements, caught.interrupt.status);
    if (element === undefined) throw caught.error;
    return (
      <>
        <meta name="robots" content="noindex" />
        {element}
      </>
    );
  }
}

function initialState({ failed, view }: Props): State {
  const interrupt = failed && readInterrupt(failed);
  return { caught: interrupt ? { interrupt, error: failed, at: view } : null };
}

/** Goes to the target once this is on the screen; throwing away the render that threw must not navigate. */
function Follow({ to, redirect }: { to: Redirect; redirect: (to: Redirect) => void }): ReactNode {
  useEffect(() => redirect(to), [to, redirect]);
  return null;
}
