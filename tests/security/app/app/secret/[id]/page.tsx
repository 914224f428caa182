export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <p>the-secret-of-{(await params).id}</p>;
}
