/** Started with the server, so that what a crash left is handled without a request. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { receiver } = await import('./lib/webhooks.js')
  await receiver.start()
}
