/**
 * `next/image`: an `img` element with its size, so that nothing moves when it loads. The endpoint that makes smaller pictures does not
 * exist yet, so `src` is used as it is (as with `unoptimized`); a `loader` is used if there is one.
 */
import { imageAttributes } from './image-attributes.ts';
import type { ImageAttributes, ImageProps } from './image-attributes.ts';

export { Image as default } from './image-element.tsx';
export type { ImageLoader, ImageLoaderProps, ImageProps, StaticImageData, StaticImport } from './image-attributes.ts';

/** The attributes that `Image` would give its element, without a placeholder. */
export function getImageProps(props: ImageProps): { props: ImageAttributes } {
  return { props: imageAttributes(props) };
}
