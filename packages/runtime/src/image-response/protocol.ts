/** What goes between the worker and its thread that draws. */
import type { PlainElement } from './element-tree.ts';

/** Of a font the bytes are sent once; later drawings name them by their hash. */
export type SentFont = { hash: string; data: Uint8Array | undefined; name: string; weight: number | undefined; style: 'normal' | 'italic' | undefined; lang: string | undefined };

export type Drawing = {
  id: number;
  tree: PlainElement;
  width: number;
  height: number;
  debug: boolean;
  fonts: SentFont[];
  /** Fonts of earlier drawings may go. */
  forgetFonts: boolean;
  tailwindConfig: object | undefined;
};

export type Drawn = { id: number; png: Uint8Array } | { id: number; message: string; stack: string };
