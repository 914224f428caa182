/** Where the page is scrolled to when a navigation has arrived. */
import type { FragmentInstance } from 'react';
import type { SlotId } from '../payload.ts';
import { firstChanged } from './merge.ts';
import type { Arrival, Offset } from './state.ts';
import type { View } from '../view.ts';

export type Marks = Map<SlotId, FragmentInstance>;

export function scrollOnArrival(arrival: Arrival, before: View, marks: Marks): void {
  if (arrival.offset) return jump(arrival.offset);
  // The browser itself has scrolled to where it was.
  if (arrival.mode === 'traverse' || !arrival.scroll) return;
  const { hash } = arrival.target;
  if (hash !== '' && toHash(hash)) return;
  toSlot(marks.get(firstChanged(before.tree, arrival.view.tree)));
}

/** `scroll-behavior: smooth` is for what the reader does, not for another page. */
const jump = ([left, top]: Offset): void => window.scrollTo({ left, top, behavior: 'instant' });

function toHash(hash: string): boolean {
  const name = decoded(hash.slice(1));
  const element = document.getElementById(name) ?? document.getElementsByName(name)[0];
  if (element) {
    element.scrollIntoView();
    return true;
  }
  if (name !== 'top') return false;
  jump([0, 0]);
  return true;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Nothing if its top is in view already; else the top of the page, and the slot itself if it is below that. */
function toSlot(slot: FragmentInstance | undefined): void {
  if (slot && inView(slot)) return;
  jump([window.scrollX, 0]);
  if (slot && slot.getClientRects().length > 0 && !inView(slot)) slot.scrollIntoView();
}

function inView(slot: FragmentInstance): boolean {
  const tops = slot.getClientRects().filter((rect) => rect.height > 0 || rect.width > 0).map((rect) => rect.top);
  const top = Math.min(...tops);
  return top >= 0 && top < window.innerHeight;
}
