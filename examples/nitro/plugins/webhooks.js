/** Started with the server, so that what a crash left is handled without a request; closed with it. */
import { receiver } from '../lib/webhooks.js'

export default async function webhooks(nitro) {
  nitro.hooks.hook('close', () => receiver.close())
  await receiver.start()
}
