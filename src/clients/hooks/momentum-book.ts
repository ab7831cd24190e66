/** Webhooks of SparkPost and Momentum: what is there, beside what is wanted. */
import { OptionError } from '../../errors.ts'
import { ApiError } from '../api/api-error.ts'
import { type CallOptions, textOf } from '../api/settings.ts'
import { authFields, kindOfAuth, type MomentumHookAuth, textsOf } from '../momentum/auth.ts'
import type { MomentumWebhook, MomentumWebhookPatch } from '../momentum/webhook.ts'
import type { MomentumWebhooks } from '../momentum/webhooks.ts'
import {
  type HookBook,
  type HookDifference,
  type Looked,
  listDifference,
  type Step,
  type TestedHook,
} from './change.ts'
import type { MomentumHook } from './definition.ts'
import { basicHeader, type Rotation } from './rotate.ts'
import { shownAddress, shownTarget } from './shown.ts'

/** A hook, with what had to be read or asked for. */
interface Wanted {
  readonly hook: MomentumHook
  readonly target: string
  readonly events: readonly string[]
  readonly secrets: readonly string[]
  readonly headers: Readonly<Record<string, string>> | null
}

export class MomentumBook implements HookBook {
  readonly #client: () => MomentumWebhooks
  readonly #hooks: readonly MomentumHook[]

  constructor(client: () => MomentumWebhooks, hooks: readonly MomentumHook[]) {
    this.#client = client
    this.#hooks = hooks
  }

  async look(signal: AbortSignal | undefined): Promise<Looked> {
    const client = this.#client()
    const options = optionsOf(signal)
    const found = await client.list(options)
    const types = this.#hooks.some(({ events }) => events === 'all') ? await documentedTypes(client, options) : []
    const wanted = await Promise.all(this.#hooks.map((hook) => wantedOf(hook, types)))
    const pairs = wanted.map((one) => ({ one, is: foundFor(one, found) }))
    const taken = new Set(pairs.map(({ is }) => is?.id))
    const steps = pairs.flatMap(({ one, is }) => stepFor(client, one, is) ?? [])
    const changed = new Set(steps.map(({ change }) => change.hook))
    return {
      steps,
      settled: this.#hooks.map(({ name }) => name).filter((name) => !changed.has(name)),
      unknown: found.filter(({ id }) => !taken.has(id)).map((one) => unknownOf(client, one)),
    }
  }

  /** The sender posts to each target, and tells the answer. */
  async test(signal: AbortSignal | undefined): Promise<readonly TestedHook[]> {
    const client = this.#client()
    const options = optionsOf(signal)
    const found = await client.list(options)
    const wanted = await Promise.all(this.#hooks.map((hook) => wantedOf(hook, [])))
    return Promise.all(wanted.map((one) => tested(client, one.hook.name, foundFor(one, found)?.id, options)))
  }

  rotation(name: string): Rotation | null {
    const hook = this.#hooks.find((one) => one.name === name)
    return hook === undefined ? null : rotationOf(hook, this.#client)
  }
}

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })

async function documentedTypes(client: MomentumWebhooks, options: { readonly signal?: AbortSignal }) {
  return (await client.eventDocumentation(options)).map(({ type }) => type)
}

async function wantedOf(hook: MomentumHook, types: readonly string[]): Promise<Wanted> {
  const what = `hook "${hook.name}"`
  return {
    hook,
    target: await textOf(`${what}: target`, hook.target),
    events: hook.events === 'all' ? types : [...new Set(hook.events)],
    secrets: (await authFields(what, hook.auth ?? 'none', false)).secrets,
    headers: hook.customHeaders === undefined ? null : await textsOf(`${what}: customHeaders`, hook.customHeaders),
  }
}

/** By name; of several that have it the one with the wanted target. */
function foundFor({ hook, target }: Wanted, found: readonly MomentumWebhook[]): MomentumWebhook | undefined {
  const named = found.filter(({ name }) => name === hook.name)
  return named.find((one) => one.target === target) ?? named[0]
}

function stepFor(client: MomentumWebhooks, wanted: Wanted, is: MomentumWebhook | undefined): Step | null {
  const { hook, target } = wanted
  const change = { sender: 'momentum', hook: hook.name, target: shownTarget(hook.target, target) } as const
  const settings = settingsOf(wanted)
  if (is === undefined)
    return {
      change: { ...change, action: 'create', id: null, differences: [] },
      run: (signal) => client.create({ ...settings, name: hook.name }, optionsOf(signal)),
    }
  const differences = differencesOf(wanted, is)
  if (differences.length === 0) return null
  const fields = new Set(differences.map(({ field }) => field))
  return {
    change: { ...change, action: 'update', id: is.id, differences },
    run: (signal) => client.update(is.id, patchOf(settings, fields), optionsOf(signal)),
  }
}

function settingsOf({ hook, target, events }: Wanted) {
  const { auth = 'none', active = true, customHeaders, exceptionSubaccounts } = hook
  return {
    target,
    events,
    auth,
    active,
    ...(customHeaders === undefined ? {} : { customHeaders }),
    ...(exceptionSubaccounts === undefined ? {} : { exceptionSubaccounts }),
  }
}

/** What is as it is wanted is not sent: a change of a target has it tested, and a change of auth fetches tokens. */
function patchOf(settings: ReturnType<typeof settingsOf>, fields: ReadonlySet<string>): MomentumWebhookPatch {
  const wanted = (name: string) => fields.has(name) || (name === 'auth' && fields.has('secret'))
  return Object.fromEntries(Object.entries(settings).filter(([name]) => wanted(name)))
}

function differencesOf(wanted: Wanted, is: MomentumWebhook): HookDifference[] {
  return [
    ...eventsDifference(wanted, is),
    ...targetDifference(wanted, is),
    ...authDifference(wanted, is),
    ...activeDifference(wanted, is),
    ...headersDifference(wanted, is),
    ...subaccountsDifference(wanted, is),
  ]
}

function eventsDifference({ events }: Wanted, is: MomentumWebhook): HookDifference[] {
  const changed = listDifference(is.events, events)
  return changed === null ? [] : [{ field: 'events', is: is.events.join(', '), wanted: changed }]
}

function targetDifference({ hook, target }: Wanted, is: MomentumWebhook): HookDifference[] {
  if (is.target === target) return []
  const [shownIs, shownWanted] = [is.target, target].map((one) => shownTarget(hook.target, one)) as [string, string]
  return [
    { field: 'target', is: shownIs, wanted: shownIs === shownWanted ? `${shownWanted} (other secrets)` : shownWanted },
  ]
}

function authDifference({ hook, secrets }: Wanted, is: MomentumWebhook): HookDifference[] {
  const { auth = 'none' } = hook
  const [found, wanted] = [calledAuth(is.auth), calledAuth({ ...UNKNOWN, ...ownerOf(auth), kind: kindOfAuth(auth) })]
  if (found !== wanted) return [{ field: 'auth', is: found, wanted }]
  const isKnown = secrets.every((secret) => is.auth.uses(secret))
  return isKnown ? [] : [{ field: 'secret', is: 'another', wanted: 'the one defined' }]
}

const UNKNOWN = { username: null, tokenUrl: null }

function ownerOf(auth: NonNullable<MomentumHook['auth']>): { username?: string; tokenUrl?: string } {
  if (auth === 'none' || 'token' in auth) return {}
  return 'basic' in auth ? { username: auth.basic.username } : { tokenUrl: auth.oauth2.url }
}

function calledAuth(auth: Pick<MomentumWebhook['auth'], 'kind' | 'username' | 'tokenUrl'>): string {
  const { kind, username, tokenUrl } = auth
  if (kind === 'basic') return `basic, user ${username ?? ''}`
  return kind === 'oauth2' ? `oauth2, tokens from ${shownAddress(tokenUrl ?? '')}` : kind
}

function activeDifference({ hook: { active = true } }: Wanted, is: MomentumWebhook): HookDifference[] {
  const called = (flag: boolean) => (flag ? 'active' : 'suspended')
  return is.active === active ? [] : [{ field: 'active', is: called(is.active), wanted: called(active) }]
}

function headersDifference({ headers }: Wanted, is: MomentumWebhook): HookDifference[] {
  if (headers === null) return []
  const names = listDifference(is.customHeaders, Object.keys(headers))
  if (names !== null) return [{ field: 'customHeaders', is: is.customHeaders.join(', '), wanted: names }]
  const same = Object.values(headers).every((value) => is.auth.uses(value))
  return same ? [] : [{ field: 'customHeaders', is: 'other values', wanted: 'those defined' }]
}

function subaccountsDifference({ hook: { exceptionSubaccounts } }: Wanted, is: MomentumWebhook): HookDifference[] {
  if (exceptionSubaccounts === undefined) return []
  const changed = listDifference(is.exceptionSubaccounts, exceptionSubaccounts.map(String))
  return changed === null
    ? []
    : [{ field: 'exceptionSubaccounts', is: is.exceptionSubaccounts.join(', '), wanted: changed }]
}

function unknownOf(client: MomentumWebhooks, { id, name, target }: MomentumWebhook) {
  const remove: Step['run'] = (signal) => client.delete(id, optionsOf(signal))
  return { sender: 'momentum' as const, id, name, target: shownAddress(target), remove }
}

async function tested(
  client: MomentumWebhooks,
  hook: string,
  id: string | undefined,
  options: { readonly signal?: AbortSignal },
): Promise<TestedHook> {
  const one = { sender: 'momentum', hook } as const
  if (id === undefined) return { ...one, ok: false, status: null, why: 'there is no such webhook' }
  try {
    const { status } = await client.validate(id, options)
    return { ...one, ok: true, status, why: null }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { ...one, ok: false, status: error.targetAnswer?.status ?? null, why: error.message }
  }
}

/** @throws OptionError for a kind of auth that has no single secret which the target sees */
function rotationOf(hook: MomentumHook, client: () => MomentumWebhooks): Rotation {
  const { name, target, auth = 'none' } = hook
  const shared = { target, body: [{ msys: {} }] }
  const change = async (wanted: MomentumHookAuth, options: CallOptions) =>
    client().update(await idOf(client(), name, options), { auth: wanted }, options)
  if (auth !== 'none' && 'token' in auth)
    return {
      ...shared,
      defined: auth.token,
      headers: (token) => ({ 'x-messagesystems-webhook-token': token }),
      change: (token, options) => change({ token }, options),
    }
  if (auth === 'none' || !('basic' in auth))
    throw new OptionError(`rotate: hook "${name}" has neither a token nor a password that could be rotated`)
  const { username, password: defined } = auth.basic
  return {
    ...shared,
    defined,
    headers: (password) => basicHeader(username, password),
    change: (password, options) => change({ basic: { username, password } }, options),
  }
}

/** @throws OptionError unless one webhook has the name */
async function idOf(client: MomentumWebhooks, name: string, options: CallOptions): Promise<string> {
  const named = (await client.list(options)).filter((one) => one.name === name)
  const [found] = named
  if (found !== undefined && named.length === 1) return found.id
  throw new OptionError(`rotate: there are ${named.length} webhooks called "${name}", and not one`)
}
