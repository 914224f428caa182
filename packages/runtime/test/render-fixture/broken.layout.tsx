export default function RootError(): never {
  throw new Error('secret text of the root');
}
