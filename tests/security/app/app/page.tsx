export default function Page() {
  return <p>open to all</p>;
}
