import { CallButton } from '../../components/call-button';
export const dynamic = 'force-dynamic';
export default async function CallPage() {
  return (
    <section>
      <h1>An action that is called by fetch</h1>
      <CallButton />
    </section>
  );
}
