/** `next/og`. Loads nothing but a small class; what draws is loaded with the first picture, in a thread. */
export { ImageResponse } from '@ironside/runtime/image-response/image-response.ts';
export type { ImageFont, ImageResponseOptions } from '@ironside/runtime/image-response/options.ts';
