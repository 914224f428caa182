/** Which element of a drawing cannot be drawn: the messages of the layout name a property, and people look for a place. */
import { at, type PlainElement } from './element-tree.ts';

/** Each try lays a part of the tree out again. */
const MAX_TRIES = 100;

/** An error with the same message and the path to the innermost element that fails with it by itself. */
export async function failingElement(root: PlainElement, error: unknown, write: (element: PlainElement) => Promise<string>): Promise<Error> {
  const message = messageOf(error);
  let tries = 0;
  const fails = async (element: PlainElement): Promise<boolean> => {
    if (++tries > MAX_TRIES) return false;
    return write(element).then(() => false, (other: unknown) => messageOf(other) === message);
  };
  const path = [described(root)];
  for (let element: PlainElement | undefined = root; element;) {
    let inner: PlainElement | undefined;
    for (const child of element.props.children ?? []) {
      if (typeof child === 'object' && await fails(child)) {
        inner = child;
        break;
      }
    }
    if (inner) path.push(described(inner));
    element = inner;
  }
  return new Error(`ImageResponse: ${message.replace(/\.$/, '')}${at(path)}.`, { cause: error });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).trim().slice(0, 500);

/** `div id="card"`: what the source has to find it by. */
function described({ type, props }: PlainElement): string {
  const names = ['id', 'className', 'src'].filter((name) => typeof props[name] === 'string');
  return [type, ...names.map((name) => `${name}=${JSON.stringify(String(props[name]).slice(0, 80))}`)].join(' ');
}
