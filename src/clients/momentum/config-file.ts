/**
 * The file that Momentum 4.2.31 and later, 5.x too, reads its webhooks from: it has no API.
 * Source: Momentum 5.3 manual, "Enabling Webhooks", June 2026
 * (github.com/SparkPost/support-docs, content/momentum/manuals/enabling-webhooks.md).
 */
import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { keysOf, kindOf, knownKeys } from '../../lib/options.ts'
import { assertSecret } from '../../lib/secret.ts'
import type { Secret } from '../../types.ts'
import { recordIn, textIn, textsIn, webAddressIn } from '../api/arguments.ts'
import { textOf } from '../api/settings.ts'
import { textsOf } from './auth.ts'
import type { MomentumHookEvent } from './event-types.ts'

export interface ConfiguredMomentumWebhook {
  readonly name?: string
  readonly target: string
  readonly events: readonly (MomentumHookEvent | (string & {}))[]
  /** The `X-MessageSystems-Webhook-Token` header: the file knows no other kind. Default `none`. */
  readonly auth?: 'none' | { readonly token: Secret }
  /** Since 4.2.38. */
  readonly customHeaders?: Readonly<Record<string, Secret>>
}

const NAME = 'momentumWebhooksFile'
const KEYS = keysOf<ConfiguredMomentumWebhook>({
  ...{ name: true, target: true, events: true, auth: true, customHeaders: true },
})

/**
 * The JSON array to deploy to every node of the cluster, with its secrets in clear: write it where Momentum alone reads it.
 *
 * @example
 * await writeFile('webhooks.json', await momentumWebhooksFile([{ target, events: ['delivery'], auth: { token } }]), { mode: 0o600 })
 * @throws OptionError (rejects) for a webhook that the file cannot say; ERR_SECRET_MISSING, ERR_SECRET_INVALID
 */
export async function momentumWebhooksFile(webhooks: readonly ConfiguredMomentumWebhook[]): Promise<string> {
  if (!Array.isArray(webhooks)) throw new OptionError(`${NAME} takes a list of webhooks, got ${kindOf(webhooks)}`)
  const entries = await Promise.all(webhooks.map((webhook, at) => entryOf(`${NAME}: webhook ${at + 1}`, webhook)))
  return `${JSON.stringify(entries, null, 2)}\n`
}

async function entryOf(what: string, webhook: ConfiguredMomentumWebhook): Promise<object> {
  knownKeys(what, webhook, KEYS)
  const { name, auth = 'none', customHeaders } = webhook
  return {
    ...(name === undefined ? {} : { name: textIn(`${what}: name`, name) }),
    events: textsIn(`${what}: events`, webhook.events),
    target: webAddressIn(`${what}: target`, webhook.target),
    ...(auth === 'none' ? {} : { auth_token: await tokenOf(what, auth) }),
    ...(customHeaders === undefined ? {} : { custom_headers: await headersOf(what, customHeaders) }),
  }
}

function tokenOf(what: string, auth: unknown): Promise<string> {
  if (!isObject(auth) || Object.keys(auth).join() !== 'token')
    throw new OptionError(`${what}: auth must be { token } or 'none': the file of Momentum knows no other kind`)
  assertSecret(`${what}: auth: token`, auth.token)
  return textOf(`${what}: auth: token`, auth.token)
}

function headersOf(what: string, headers: Readonly<Record<string, Secret>>): Promise<Record<string, string>> {
  for (const [name, secret] of Object.entries(recordIn(`${what}: customHeaders`, headers)))
    assertSecret(`${what}: customHeaders: ${name}`, secret)
  return textsOf(`${what}: customHeaders`, headers)
}
