/** The senders' own APIs: webhooks are made, looked at and repaired, and what they lost is fetched. */
import { writeFile } from 'node:fs/promises'
import {
  ApiError,
  backfill,
  catalogueDrift,
  defineHooks,
  esputnikActivity,
  mailjetEventCallbacks,
  momentumWebhooks,
  momentumWebhooksFile,
  type RepairedReceiver,
  type RotatingReceiver,
  reconcile,
  rotateSecret,
  sparkpostEvents,
} from 'posthorn/clients'

const target = 'https://hooks.example.com/webhooks/shop'

const webhooks = momentumWebhooks({ baseUrl: 'https://api.eu.sparkpost.com', apiKey: { env: 'SPARKPOST_API_KEY' } })

export async function createWebhook(): Promise<void> {
  try {
    const auth = { token: { env: 'SHOP_TOKEN' } }
    const { id } = await webhooks.create({ name: 'shop', target, events: ['delivery', 'bounce', 'click'], auth })
    console.log(`created ${id}`)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'ERR_API_REJECTED') throw error
    console.error(error.senderMessage, error.targetAnswer?.status)
  }
}

export async function tellFailures(id: string): Promise<void> {
  for (const { batchId, at, responseCode } of await webhooks.batchStatus(id, { limit: 100 }))
    console.log(batchId, at, responseCode)
}

export const hooks = defineHooks({
  momentum: [{ name: 'shop', target, events: 'all', auth: { token: { env: 'SHOP_TOKEN' } } }],
  mailjet: [
    {
      name: 'news',
      target: 'https://hooks.example.com/webhooks/news',
      events: ['sent', 'bounce', 'spam', 'unsub'],
      auth: { username: 'mailjet', password: { env: 'NEWS_PASSWORD' } },
    },
  ],
})

export async function bringBack(): Promise<void> {
  const plan = await hooks.plan()
  console.log(plan.text())
  const { failed } = await plan.apply()
  for (const { change, error } of failed) console.error(change.hook, error.code, error.senderMessage)
}

/** Where the secrets of the application are. */
interface Vault {
  publish(labels: readonly string[]): Promise<void>
  read(label: string): Promise<string>
}

export async function rotate(receiver: RotatingReceiver, vault: Vault): Promise<void> {
  const { result, lastUseOfOld } = await rotateSecret(receiver, {
    source: 'shop',
    old: '2025',
    acceptBoth: () => vault.publish(['2025', '2026']),
    switchOver: () => hooks.rotate('shop', { to: () => vault.read('2026') }),
    dropOld: () => vault.publish(['2026']),
  })
  console.log(result, lastUseOfOld)
}

const callbacks = mailjetEventCallbacks({ apiKey: { env: 'MJ_KEY' }, apiSecret: { env: 'MJ_SECRET' } })

export async function ensureCallbacks(): Promise<void> {
  const auth = { username: 'mailjet', password: { env: 'NEWS_PASSWORD' } }
  for (const eventType of ['sent', 'bounce', 'unsub'] as const) {
    const { change, callback } = await callbacks.ensure({ eventType, url: target, auth })
    console.log(eventType, change, callback.status)
  }
}

export async function writeConfiguration(): Promise<void> {
  const auth = { token: { env: 'SHOP_TOKEN' } }
  const text = await momentumWebhooksFile([{ name: 'shop', target, events: ['delivery', 'bounce'], auth }])
  await writeFile('webhooks.json', text, { mode: 0o600 })
}

export async function pull(since: Date): Promise<void> {
  const sparkpost = sparkpostEvents({ apiKey: { env: 'SPARKPOST_API_KEY' } })
  for await (const { events, total } of sparkpost.pages({ since })) console.log(events.length, 'of', total)
  const esputnik = esputnikActivity({ apiKey: { env: 'ESPUTNIK_API_KEY' } })
  for await (const { events } of esputnik.pages({ since })) console.log(events.length)
}

export async function repair(receiver: RepairedReceiver, since: Date): Promise<void> {
  const { lost } = await reconcile(receiver, { client: webhooks, source: 'shop' })
  for (const { batchId, at, failureCode } of lost) console.log(batchId, at, failureCode)
  const client = sparkpostEvents({ apiKey: { env: 'SPARKPOST_API_KEY' } })
  const onProgress = ({ pulled, total }: { pulled: number; total: number | null }) => console.log(pulled, 'of', total)
  const { present, injected } = await backfill(receiver, { client, source: 'shop', since, onProgress })
  console.log(present, 'were there,', injected, 'were not')
}

export async function tellDrift(): Promise<void> {
  const drift = await catalogueDrift({ client: webhooks })
  if (drift.hasDrift) console.error(drift.text())
}
