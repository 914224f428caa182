interface Props {
  params: Promise<{ id: string }>;
  searchParams: Promise<Record<string, string | string[]>>;
}

export default async function Page({ params, searchParams }: Props) {
  return <pre>{`id=${(await params).id};search=${Object.keys(await searchParams).join(',')};`}</pre>;
}
