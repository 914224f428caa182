/** `ImageResponse` of `next/server`, where it was long ago. A name that throws keeps `next/server` free of what draws. */

export class ImageResponse extends Response {
  constructor() {
    super(null);
    throw new Error("`ImageResponse` is in 'next/og': `import { ImageResponse } from 'next/og'`.");
  }
}
