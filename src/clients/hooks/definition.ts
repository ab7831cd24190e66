/** The webhooks that somebody wants to have, as `defineHooks` takes them. */
import { OptionError } from '../../errors.ts'
import { keysOf, kindOf, knownKeys } from '../../lib/options.ts'
import { assertSecret } from '../../lib/secret.ts'
import type { Secret } from '../../types.ts'
import { assertLogin, textIn, textsIn } from '../api/arguments.ts'
import { type AddressLogin, MAILJET_EVENT_TYPES, type MailjetHookEvent } from '../mailjet/callback.ts'
import type { MailjetEventCallbacks } from '../mailjet/event-callbacks.ts'
import { assertAuth, type MomentumHookAuth } from '../momentum/auth.ts'
import type { MomentumHookEvent } from '../momentum/event-types.ts'
import type { MomentumWebhooks } from '../momentum/webhooks.ts'

export interface MomentumHook {
  /** Tells which webhook of the account is meant. */
  readonly name: string
  /** A text, or `{ env }` or a function where the address has a secret in it: then plans show its host alone. */
  readonly target: Secret
  /** `all`: every type that the sender documents. */
  readonly events: readonly (MomentumHookEvent | (string & {}))[] | 'all'
  /** Default `none`. */
  readonly auth?: MomentumHookAuth
  /** Default true. */
  readonly active?: boolean
  /** SparkPost. Default: those that are there are left alone. */
  readonly customHeaders?: Readonly<Record<string, Secret>>
  /** SparkPost. Default: those that are there are left alone. */
  readonly exceptionSubaccounts?: readonly number[]
}

export interface MailjetHook {
  /** What plans call it; Mailjet has no names. */
  readonly name: string
  /** Without a login. As in `MomentumHook`. */
  readonly target: Secret
  /** Each type has a record of its own. `all`: every type that events are sent for. */
  readonly events: readonly (MailjetHookEvent | (string & {}))[] | 'all'
  readonly auth?: AddressLogin
  /** Arrays of events (Version 2), where false is one event a post (Version 1). Default true. */
  readonly grouped?: boolean
  /** The address while the first one is suspended. Default false. */
  readonly isBackup?: boolean
}

export interface HookDefinitions {
  readonly momentum?: readonly MomentumHook[]
  readonly mailjet?: readonly MailjetHook[]
  /**
   * Default: clients whose keys are in the environment: `SPARKPOST_API_KEY` (and `SPARKPOST_BASE_URL`), `MAILJET_API_KEY` and
   * `MAILJET_API_SECRET` (and `MAILJET_BASE_URL`).
   */
  readonly clients?: {
    readonly momentum?: MomentumWebhooks | undefined
    readonly mailjet?: MailjetEventCallbacks | undefined
  }
}

const KEYS = keysOf<HookDefinitions>({ momentum: true, mailjet: true, clients: true })
const CLIENTS = keysOf<NonNullable<HookDefinitions['clients']>>({ momentum: true, mailjet: true })
const MOMENTUM = keysOf<MomentumHook>({
  ...{ name: true, target: true, events: true, auth: true, active: true },
  ...{ customHeaders: true, exceptionSubaccounts: true },
})
const MAILJET = keysOf<MailjetHook>({
  ...{ name: true, target: true, events: true, auth: true, grouped: true, isBackup: true },
})

/** @throws OptionError */
export function assertDefinitions(definitions: HookDefinitions): void {
  knownKeys('defineHooks', definitions, KEYS)
  knownKeys('defineHooks: clients', definitions.clients ?? {}, CLIENTS)
  for (const [what, hook] of eachOf('momentum', definitions.momentum)) {
    assertHook(what, hook, MOMENTUM)
    if (hook.auth !== undefined) assertAuth(what, hook.auth)
  }
  for (const [what, hook] of eachOf('mailjet', definitions.mailjet)) {
    assertHook(what, hook, MAILJET)
    if (hook.auth !== undefined) assertLogin(`${what}: auth`, hook.auth)
  }
  assertNames([...(definitions.momentum ?? []), ...(definitions.mailjet ?? [])].map(({ name }) => name))
  assertOneRecordEach(definitions.mailjet ?? [])
}

function eachOf<H extends { readonly name: string }>(
  sender: string,
  hooks: readonly H[] = [],
): (readonly [string, H])[] {
  if (!Array.isArray(hooks))
    throw new OptionError(`defineHooks: ${sender} must be a list of hooks, got ${kindOf(hooks)}`)
  for (const [at, hook] of hooks.entries()) textIn(`defineHooks: ${sender}[${at}]: name`, hook?.name)
  return hooks.map((hook) => [`defineHooks: ${sender} "${hook.name}"`, hook] as const)
}

function assertNames(names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new OptionError(`defineHooks: two hooks are called "${twice}"`)
}

function assertHook(what: string, hook: MomentumHook | MailjetHook, keys: readonly string[]): void {
  knownKeys(what, hook, keys)
  assertSecret(`${what}: target`, hook.target)
  if (hook.events !== 'all') textsIn(`${what}: events`, hook.events)
}

/** Mailjet has one record for each event type and backup flag: two hooks cannot both have it. */
function assertOneRecordEach(hooks: readonly MailjetHook[]): void {
  const taken = new Map<string, string>()
  for (const { name, events, isBackup = false } of hooks)
    for (const type of events === 'all' ? MAILJET_EVENT_TYPES : new Set(events)) {
      const key = `${type} ${isBackup}`
      const other = taken.get(key)
      if (other !== undefined)
        throw new OptionError(`defineHooks: mailjet "${other}" and "${name}" both want ${type}, which has one record`)
      taken.set(key, name)
    }
}
