/** `next/og`. Drawing images from JSX is not there yet; saying so when it is used lets the rest of an application run. */

export class ImageResponse extends Response {
  constructor() {
    super(null);
    throw new Error('`ImageResponse` of \'next/og\' is not supported by Ironside yet. Return a Response with the bytes of an image, or put an image file in its place.');
  }
}
