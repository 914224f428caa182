import { createWidget } from '../products/actions';
export const dynamic = 'force-dynamic';
export default async function LightFormPage() {
  return (
    <section>
      <h1>Light page with a form</h1>
      <form action={createWidget}>
        <input name="name" placeholder="Widget name" required />
        <input name="qty" type="number" defaultValue={1} />
        <button type="submit">Create widget</button>
      </form>
      <p>Rendered at {Date.now()}</p>
      <ul>
        <li>one</li>
        <li>two</li>
        <li>three</li>
      </ul>
    </section>
  );
}
