export default function Plain() {
  return <main>plain</main>;
}
