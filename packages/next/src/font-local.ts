/**
 * `next/font/local`: types, and a word for calls that the compiler did not see. Every call that it does see is replaced when the
 * application is built, and its module no longer imports this one.
 */
type Declaration = { prop: string; value: string };
type Face = { path: string; weight?: string; style?: string };
type Options<Variable extends `--${string}` | undefined> = {
  src: string | Face[];
  display?: 'auto' | 'block' | 'swap' | 'fallback' | 'optional';
  weight?: string;
  style?: string;
  adjustFontFallback?: 'Arial' | 'Times New Roman' | false;
  fallback?: string[];
  preload?: boolean;
  variable?: Variable;
  declarations?: Declaration[];
};
type Font = { className: string; style: { fontFamily: string; fontWeight?: number; fontStyle?: string } };

export default function localFont<Variable extends `--${string}` | undefined = undefined>(
  _options: Options<Variable>,
): Variable extends undefined ? Font : Font & { variable: string } {
  throw new Error('`localFont()` of \'next/font/local\' is evaluated when the application is built: import it by that name and call it at the top level of a module, `const sans = localFont({ src: \'./sans.woff2\' })`.');
}
