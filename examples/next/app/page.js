export default function Page() {
  return <p>Webhooks come in at /webhooks/shop.</p>
}
