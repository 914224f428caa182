export const metadata = { title: 'Home' };

export default async function Home({ searchParams }: { searchParams: Promise<Record<string, string>> }) {
  const { q } = await searchParams;
  return <main>{`home ${String(q)} <b> \u2028`}</main>;
}
