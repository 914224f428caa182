export default function Loading() {
  return <i>loading the item</i>;
}
