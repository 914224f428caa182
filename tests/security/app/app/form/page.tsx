import { Forms } from './form';

export default function Page() {
  return <Forms />;
}
