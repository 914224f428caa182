/** The element of `next/image`. In the browser it takes its placeholder away when the picture is there. */
'use client';
import { useState } from 'react';
import type { ReactNode, SyntheticEvent } from 'react';
import { preload } from 'react-dom';
import { imageAttributes, placeholderStyle } from './image-attributes.ts';
import type { ImageProps } from './image-attributes.ts';

export function Image({ ref, ...props }: ImageProps): ReactNode {
  const [loaded, setLoaded] = useState(false);
  const attributes = imageAttributes(props);
  if (props.priority || props.preload) {
    const { src, srcSet, sizes } = attributes;
    preload(src, { as: 'image', fetchPriority: 'high', ...(srcSet ? { imageSrcSet: srcSet } : {}), ...(sizes ? { imageSizes: sizes } : {}) });
  }
  const show = (event: SyntheticEvent<HTMLImageElement>): void => {
    setLoaded(true);
    props.onLoad?.(event);
  };
  const style = loaded ? attributes.style : { ...placeholderStyle(props), ...attributes.style };
  return <img {...attributes} ref={ref} onLoad={show} style={style} />;
}
