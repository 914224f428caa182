export default function Page() {
  return <p>the-secret-of-the-page</p>;
}
