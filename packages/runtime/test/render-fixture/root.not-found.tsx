export const metadata = { title: 'Nothing here' };

export default function NotFound() {
  return <h1>no such thing</h1>;
}
