/** What `next/image` puts on its `img` element. Plain functions, so that Server Components can ask too (`getImageProps`). */
import type { CSSProperties, ImgHTMLAttributes, Ref } from 'react';

/** What `import picture from './picture.png'` gives. */
export type StaticImageData = { src: string; height: number; width: number; blurDataURL?: string; blurWidth?: number; blurHeight?: number };
export type StaticImport = StaticImageData | { default: StaticImageData };
export type ImageLoaderProps = { src: string; width: number; quality?: number };
export type ImageLoader = (props: ImageLoaderProps) => string;

export type ImageProps = Omit<ImgHTMLAttributes<HTMLImageElement>, 'src' | 'srcSet' | 'width' | 'height' | 'alt' | 'loading'> & {
  src: string | StaticImport;
  alt: string;
  width?: number | `${number}`;
  height?: number | `${number}`;
  /** As large as the element around, which has to be positioned. */
  fill?: boolean;
  loader?: ImageLoader;
  quality?: number | `${number}`;
  preload?: boolean;
  /** The same as `preload`. */
  priority?: boolean;
  loading?: 'eager' | 'lazy';
  placeholder?: 'blur' | 'empty' | `data:image/${string}`;
  blurDataURL?: string;
  unoptimized?: boolean;
  overrideSrc?: string;
  ref?: Ref<HTMLImageElement>;
};

export type ImageAttributes = Omit<ImgHTMLAttributes<HTMLImageElement>, 'src'> & { src: string };

export function imageAttributes(props: Omit<ImageProps, 'ref'>): ImageAttributes {
  const {
    src, alt, width, height, fill = false, loader, quality, preload: ahead = false, priority = ahead, loading, placeholder: _placeholder, blurDataURL: _blurDataURL,
    unoptimized: _unoptimized, overrideSrc, style, ...rest
  } = props;
  const picture = pictureOf(src);
  const size = fill ? {} : sizeOf(picture, numberOf(width), numberOf(height));
  const source = sourceOf(picture.src, loader, size.width, numberOf(quality));
  return {
    ...rest,
    alt,
    ...size,
    decoding: rest.decoding ?? 'async',
    loading: loading ?? (priority ? 'eager' : 'lazy'),
    ...(priority ? { fetchPriority: 'high' as const } : {}),
    ...source,
    ...(overrideSrc ? { src: overrideSrc } : {}),
    style: { ...(fill ? FILL : {}), color: 'transparent', ...style },
  };
}

const FILL: CSSProperties = { position: 'absolute', height: '100%', width: '100%', inset: 0 };

function pictureOf(src: string | StaticImport): Omit<StaticImageData, 'width' | 'height'> & Partial<StaticImageData> {
  if (typeof src === 'string') {
    if (src === '') throw new Error('`<Image>` of \'next/image\' needs a `src`.');
    return { src };
  }
  return 'default' in src ? src.default : src;
}

/** Given numbers win; if only one is given, an imported picture keeps its proportions. */
function sizeOf(picture: Partial<StaticImageData>, width: number | undefined, height: number | undefined): { width?: number; height?: number } {
  const { width: w, height: h } = picture;
  if (w && h && width && !height) return { width, height: Math.round((h * width) / w) };
  if (w && h && height && !width) return { width: Math.round((w * height) / h), height };
  const size = { width: width ?? w, height: height ?? h };
  return { ...(size.width === undefined ? {} : { width: size.width }), ...(size.height === undefined ? {} : { height: size.height }) };
}

function sourceOf(src: string, loader: ImageLoader | undefined, width: number | undefined, quality: number | undefined): { src: string; srcSet?: string } {
  if (!loader) return { src };
  const at = (pixels: number): string => loader({ src, width: pixels, ...(quality === undefined ? {} : { quality }) });
  if (width === undefined) return { src: at(1920) };
  return { src: at(width * 2), srcSet: `${at(width)} 1x, ${at(width * 2)} 2x` };
}

/** Shown until the picture has been loaded. */
export function placeholderStyle({ placeholder, blurDataURL, src }: Pick<ImageProps, 'placeholder' | 'blurDataURL' | 'src'>): CSSProperties {
  const blur = blurDataURL ?? pictureOf(src).blurDataURL;
  const url = placeholder === 'blur' ? blur : placeholder?.startsWith('data:image/') ? placeholder : undefined;
  if (!url) return {};
  return { backgroundImage: `url("${url}")`, backgroundSize: 'cover', backgroundPosition: '50% 50%', backgroundRepeat: 'no-repeat' };
}

function numberOf(value: number | string | undefined): number | undefined {
  const number = Number(value);
  return value === undefined || !Number.isFinite(number) ? undefined : number;
}
