import 'server-only';
import { EventEmitter } from 'node:events';

/**
 * What happens in this process, for the event stream. Each worker has its own: a stream tells of changes that its worker made.
 * An application that needs all of them would use LISTEN and NOTIFY of a real PostgreSQL.
 */
export type ShopEvent = { type: 'widget.created' | 'widget.deleted' | 'stock.changed'; widgetId: string };

const emitter = new EventEmitter().setMaxListeners(0);

export function publish(event: ShopEvent): void {
  emitter.emit('event', event);
}

export function subscribe(listener: (event: ShopEvent) => void): () => void {
  emitter.on('event', listener);
  return () => void emitter.off('event', listener);
}
