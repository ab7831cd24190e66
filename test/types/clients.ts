/** Checked by the compiler, never run: what `posthorn/clients` takes and gives. */
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import {
  type ApiError,
  type ApiErrorCode,
  type BackfillReport,
  backfill,
  catalogueDrift,
  defineHooks,
  esputnikActivity,
  type FoundAuth,
  type HookChange,
  type MomentumWebhook,
  mailjetEventCallbacks,
  mailjetParseRoutes,
  momentumRelayWebhooks,
  momentumWebhooks,
  momentumWebhooksFile,
  type PullClient,
  reconcile,
  rotateSecret,
  sparkpostEvents,
  type TargetAnswer,
} from 'posthorn/clients'
import { memory } from 'posthorn/memory'
import { sparkpost } from 'posthorn/sparkpost'

/** Compiles only when both types are the same, and neither is `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <_T extends true>(): void => {}

const apiKey = { env: 'KEY' } as const
const webhooks = momentumWebhooks({ apiKey, baseUrl: 'https://api.sparkpost.com', subaccount: 0, timeoutMs: 1_000 })
const target = 'https://hooks.example.com'

const saved = await webhooks.create({
  name: 'w',
  target,
  events: ['click', 'a_type_of_tomorrow'],
  auth: { token: apiKey },
})
is<Same<typeof saved.id, string>>()
const list = await webhooks.list({ signal: new AbortController().signal })
is<Same<typeof list, readonly MomentumWebhook[]>>()
is<Same<(typeof list)[number]['auth']['kind'], FoundAuth['kind']>>()
await webhooks.update('id', { active: false, subaccountId: -1, auth: 'none' })
const answer = await webhooks.validate('id', { body: [{ msys: {} }] })
is<Same<typeof answer, TargetAnswer>>()
for (const { type, fields } of await webhooks.eventDocumentation()) {
  is<Same<typeof type, string>>()
  fields.length
}
// @ts-expect-error a webhook has a target
await webhooks.create({ name: 'w', events: ['click'] })
// @ts-expect-error one kind of auth
await webhooks.create({ name: 'w', target, events: ['click'], auth: { password: 'a' } })
// @ts-expect-error a misspelt option
momentumWebhooks({ apikey: 'key' })
const basic = { username: 'u', password: 'p' }
// @ts-expect-error relay webhooks know no Basic
await momentumRelayWebhooks({ apiKey }).create({ name: 'r', target, domain: 'd', auth: { basic } })
// @ts-expect-error the file knows tokens alone
await momentumWebhooksFile([{ target, events: ['click'], auth: { basic } }])

const callbacks = mailjetEventCallbacks({ apiKey, apiSecret: () => 'secret' })
const ensured = await callbacks.ensure({ eventType: 'sent', url: target, version: 2 })
is<Same<typeof ensured.change, 'created' | 'updated' | 'none'>>()
// @ts-expect-error 1 or 2
await callbacks.ensure({ eventType: 'sent', url: target, version: 3 })
// @ts-expect-error there is a secret, too
mailjetParseRoutes({ apiKey })

const pulls: PullClient[] = [sparkpostEvents({ apiKey }), esputnikActivity({ apiKey })]
for await (const { events, total } of pulls[0]?.pages({ since: new Date() }) ?? []) {
  is<Same<typeof events, readonly object[]>>()
  is<Same<typeof total, number | null>>()
}

declare const error: ApiError
is<Same<typeof error.code, ApiErrorCode>>()
is<Same<typeof error.targetAnswer, TargetAnswer | null>>()
error.code satisfies `ERR_API_${string}`

const hooks = defineHooks({
  momentum: [{ name: 'shop', target: apiKey, events: 'all', auth: { token: apiKey } }],
  mailjet: [{ name: 'news', target, events: ['sent'], grouped: false }],
  clients: { momentum: webhooks },
})
const plan = await hooks.plan()
is<Same<typeof plan.changes, readonly HookChange[]>>()
for (const { change } of (await plan.apply({ deleteUnknown: true })).failed) is<Same<typeof change, HookChange>>()
const rotated = await hooks.rotate('shop', { to: 'another' })
is<Same<typeof rotated.result, 'switched' | 'refused'>>()
// @ts-expect-error Mailjet groups, SparkPost does not
defineHooks({ momentum: [{ name: 'shop', target, events: 'all', grouped: true }] })

const receiver = createReceiver({ inbox: memory(), sources: { shop: sparkpost({ auth: token('t') }) } })
const report = await backfill(receiver, { client: sparkpostEvents({ apiKey }), source: 'shop', since: new Date() })
is<Same<typeof report, BackfillReport>>()
for (const { at } of (await reconcile(receiver, { client: webhooks, source: 'shop' })).lost)
  is<Same<typeof at, Date | null>>()
// @ts-expect-error Mailjet has no list of events
await backfill(receiver, { client: callbacks, source: 'shop', since: new Date() })
// @ts-expect-error batches are of SparkPost and Momentum
await reconcile(receiver, { client: callbacks, source: 'shop' })
await rotateSecret(receiver, {
  ...{ source: 'shop', old: 'old', acceptBoth: () => {}, dropOld: () => {} },
  switchOver: () => hooks.rotate('shop', { to: 'another' }),
})
const drift = await catalogueDrift({ client: webhooks })
is<Same<typeof drift.hasDrift, boolean>>()
