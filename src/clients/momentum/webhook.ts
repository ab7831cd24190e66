/** An event webhook: as it is asked for, and as the API shows it. */
import { isObject } from '../../lib/guards.ts'
import { keysOf, knownKeys } from '../../lib/options.ts'
import { assertSecret } from '../../lib/secret.ts'
import type { Secret } from '../../types.ts'
import { recordIn, textIn, textsIn, webAddressIn } from '../api/arguments.ts'
import {
  assertAuth,
  authFields,
  type FoundAuth,
  foundAuth,
  type MomentumHookAuth,
  textsOf,
  type WireFields,
} from './auth.ts'
import type { MomentumHookEvent } from './event-types.ts'

export interface MomentumWebhookSettings {
  /** SparkPost's pages show 24 characters of it. */
  readonly name: string
  /** It must answer 200 to a test post before the webhook is created, and with the credentials of `auth`. */
  readonly target: string
  readonly events: readonly (MomentumHookEvent | (string & {}))[]
  /** Default `none`. */
  readonly auth?: MomentumHookAuth
  /** False: nothing is posted. Default true. */
  readonly active?: boolean
  /** SparkPost: up to 5, below 3 000 bytes; a change replaces all of them. */
  readonly customHeaders?: Readonly<Record<string, Secret>>
  /** SparkPost: subaccounts whose events are left out, up to 10; none is not allowed when a webhook is created. */
  readonly exceptionSubaccounts?: readonly number[]
}

export interface MomentumWebhookPatch extends Partial<MomentumWebhookSettings> {
  /** −1 for all, 0 for the primary account, else a subaccount. */
  readonly subaccountId?: number
}

export interface MomentumWebhook {
  readonly id: string
  readonly name: string
  readonly target: string
  readonly events: readonly string[]
  readonly auth: FoundAuth
  readonly active: boolean
  /** Names alone. */
  readonly customHeaders: readonly string[]
  readonly exceptionSubaccounts: readonly string[]
  /** Null before the first batch, and in the answer of `get` of older servers. */
  readonly lastSuccessfulAt: Date | null
  readonly lastFailureAt: Date | null
}

const SETTINGS = {
  ...({ name: true, target: true, events: true, auth: true, active: true } as const),
  ...({ customHeaders: true, exceptionSubaccounts: true } as const),
} satisfies { readonly [K in keyof MomentumWebhookSettings]-?: true }
const CREATE = keysOf<MomentumWebhookSettings>(SETTINGS)
const PATCH = keysOf<MomentumWebhookPatch>({ ...SETTINGS, subaccountId: true })

/** @throws OptionError */
export function assertWebhook(what: string, settings: MomentumWebhookSettings): void {
  knownKeys(what, settings, CREATE)
  textIn(`${what}: name`, settings.name)
  webAddressIn(`${what}: target`, settings.target)
  textsIn(`${what}: events`, settings.events)
  assertOptional(what, settings)
}

/** @throws OptionError */
export function assertPatch(what: string, patch: MomentumWebhookPatch): void {
  knownKeys(what, patch, PATCH)
  if (patch.name !== undefined) textIn(`${what}: name`, patch.name)
  if (patch.target !== undefined) webAddressIn(`${what}: target`, patch.target)
  if (patch.events !== undefined) textsIn(`${what}: events`, patch.events)
  assertOptional(what, patch)
}

function assertOptional(what: string, { auth, customHeaders }: MomentumWebhookPatch): void {
  if (auth !== undefined) assertAuth(what, auth)
  if (customHeaders === undefined) return
  for (const [name, secret] of Object.entries(recordIn(`${what}: customHeaders`, customHeaders)))
    assertSecret(`${what}: customHeaders: ${name}`, secret)
}

/** The body of a request. @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID */
export async function wireOf(what: string, settings: MomentumWebhookPatch, isChange: boolean): Promise<WireFields> {
  const { name, target, events, active, auth, customHeaders, exceptionSubaccounts, subaccountId } = settings
  const own = auth === undefined ? { fields: {}, secrets: [] } : await authFields(what, auth, isChange)
  const headers = customHeaders === undefined ? undefined : await textsOf(`${what}: customHeaders`, customHeaders)
  // JSON has no undefined.
  const fields = {
    ...{ name, target, events, active, custom_headers: headers },
    ...{ exception_subaccounts: exceptionSubaccounts, subaccount_id: subaccountId },
    ...own.fields,
  }
  return { fields, secrets: [...own.secrets, ...Object.values(headers ?? {})] }
}

/** As `list` and `get` show it; of `get` the id is the caller's. */
export function webhookFrom(wire: Readonly<Record<string, unknown>>, id = String(wire.id ?? '')): MomentumWebhook {
  const { name, target, active, last_successful, last_failure, custom_headers } = wire
  return {
    id,
    name: String(name ?? ''),
    target: String(target ?? ''),
    events: textsOrNone(wire.events),
    auth: foundAuth(wire),
    active: active !== false,
    customHeaders: isObject(custom_headers) ? Object.keys(custom_headers) : [],
    exceptionSubaccounts: textsOrNone(wire.exception_subaccounts),
    lastSuccessfulAt: utc(last_successful),
    lastFailureAt: utc(last_failure),
  }
}

const textsOrNone = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

/** `2014-08-01 16:09:15`, in UTC unless another zone is asked for. */
function utc(text: unknown): Date | null {
  const date = typeof text === 'string' ? new Date(`${text.replace(' ', 'T')}Z`) : null
  return date === null || Number.isNaN(date.getTime()) ? null : date
}
