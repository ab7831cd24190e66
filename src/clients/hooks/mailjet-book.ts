/** Records of Mailjet's event callbacks: what is there, beside what is wanted. */
import { OptionError } from '../../errors.ts'
import { textOf } from '../api/settings.ts'
import { MAILJET_EVENT_TYPES, type MailjetCallback } from '../mailjet/callback.ts'
import type { MailjetCallbackSettings, MailjetEventCallbacks } from '../mailjet/event-callbacks.ts'
import type { HookBook, HookDifference, Looked, Step, TestedHook } from './change.ts'
import type { MailjetHook } from './definition.ts'
import { postTest } from './probe.ts'
import { basicHeader, type Rotation } from './rotate.ts'
import { shownAddress, shownTarget } from './shown.ts'

/** One record that is wanted. */
interface Wanted {
  readonly hook: MailjetHook
  readonly eventType: string
  readonly target: string
  readonly password: string | null
}

export class MailjetBook implements HookBook {
  readonly #client: () => MailjetEventCallbacks
  readonly #hooks: readonly MailjetHook[]

  constructor(client: () => MailjetEventCallbacks, hooks: readonly MailjetHook[]) {
    this.#client = client
    this.#hooks = hooks
  }

  async look(signal: AbortSignal | undefined): Promise<Looked> {
    const client = this.#client()
    const found = await client.list(optionsOf(signal))
    const wanted = (await Promise.all(this.#hooks.map(wantedOf))).flat()
    const pairs = wanted.map((one) => ({ one, is: found.find((record) => isFor(one, record)) }))
    const taken = new Set(pairs.map(({ is }) => is?.id))
    const steps = pairs.flatMap(({ one, is }) => stepFor(client, one, is) ?? [])
    const changed = new Set(steps.map(({ change }) => change.hook))
    return {
      steps,
      settled: wanted.map(nameOf).filter((name) => !changed.has(name)),
      unknown: found.filter(({ id }) => !taken.has(id)).map((record) => unknownOf(client, record)),
    }
  }

  /** Mailjet's API has no test: the body of its test button is posted from here. */
  async test(signal: AbortSignal | undefined): Promise<readonly TestedHook[]> {
    const wanted = (await Promise.all(this.#hooks.map(wantedOf))).flat()
    return Promise.all(
      wanted.map(async (one) => {
        const outcome = await postTest(one.target, loginOf(one), testBody(one), signal)
        return { sender: 'mailjet' as const, hook: nameOf(one), ...outcome }
      }),
    )
  }

  rotation(name: string): Rotation | null {
    const hook = this.#hooks.find((one) => one.name === name)
    return hook === undefined ? null : rotationOf(hook, this.#client)
  }
}

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })

async function wantedOf(hook: MailjetHook): Promise<Wanted[]> {
  const what = `hook "${hook.name}"`
  const target = await textOf(`${what}: target`, hook.target)
  const password = hook.auth === undefined ? null : await textOf(`${what}: auth: password`, hook.auth.password)
  const types = hook.events === 'all' ? MAILJET_EVENT_TYPES : new Set(hook.events)
  return [...types].map((eventType) => ({ hook, eventType, target, password }))
}

const nameOf = ({ hook, eventType }: Wanted): string => `${hook.name}: ${eventType}`

function isFor({ hook: { isBackup = false }, eventType }: Wanted, record: MailjetCallback): boolean {
  return record.eventType === eventType && record.isBackup === isBackup
}

const versionOf = ({ hook: { grouped = true } }: Wanted): 1 | 2 => (grouped ? 2 : 1)

function stepFor(client: MailjetEventCallbacks, wanted: Wanted, is: MailjetCallback | undefined): Step | null {
  const { hook, target } = wanted
  const differences = is === undefined ? [] : differencesOf(wanted, is)
  if (is !== undefined && differences.length === 0) return null
  const change = {
    sender: 'mailjet',
    action: is === undefined ? 'create' : 'update',
    hook: nameOf(wanted),
    id: is === undefined ? null : String(is.id),
    target: shownTarget(hook.target, target),
    differences,
  } as const
  return { change, run: (signal) => client.ensure(settingsOf(wanted), optionsOf(signal)) }
}

function settingsOf(wanted: Wanted): MailjetCallbackSettings {
  const { hook, eventType, target } = wanted
  const { auth, isBackup = false } = hook
  return { eventType, url: target, version: versionOf(wanted), isBackup, ...(auth === undefined ? {} : { auth }) }
}

function differencesOf(wanted: Wanted, is: MailjetCallback): HookDifference[] {
  const { hook, target, password } = wanted
  const found: HookDifference[] = []
  if (is.url !== target)
    found.push({ field: 'target', is: shownTarget(hook.target, is.url), wanted: shownTarget(hook.target, target) })
  const [user, wantedUser] = [is.username, hook.auth?.username ?? null].map(calledLogin) as [string, string]
  if (user !== wantedUser) found.push({ field: 'auth', is: user, wanted: wantedUser })
  else if (password !== null && !is.uses(password))
    found.push({ field: 'secret', is: 'another', wanted: 'the one defined' })
  if (is.version !== versionOf(wanted))
    found.push({ field: 'grouping', is: calledVersion(is.version), wanted: calledVersion(versionOf(wanted)) })
  if (is.status === 'dead') found.push({ field: 'status', is: 'dead', wanted: 'alive' })
  return found
}

const calledLogin = (username: string | null): string => (username === null ? 'none' : `basic, user ${username}`)
const calledVersion = (version: 1 | 2): string => (version === 2 ? 'grouped (Version 2)' : 'single (Version 1)')

function unknownOf(client: MailjetEventCallbacks, { id, eventType, isBackup, url }: MailjetCallback) {
  const name = isBackup ? `${eventType} (backup)` : eventType
  const remove: Step['run'] = (signal) => client.delete(id, optionsOf(signal))
  return { sender: 'mailjet' as const, id: String(id), name, target: shownAddress(url), remove }
}

/** What the test button posts: no message, no address (captured in 2018 and 2022). */
function testBody(wanted: Wanted): unknown {
  const event = {
    ...{ event: wanted.eventType, time: Math.floor(Date.now() / 1_000), MessageID: 0, email: '' },
    ...{ mj_campaign_id: 0, mj_contact_id: 0, customcampaign: '', CustomID: '', Payload: '' },
  }
  return versionOf(wanted) === 2 ? [event] : event
}

function loginOf({ hook: { auth }, password }: Wanted): Readonly<Record<string, string>> {
  return auth === undefined || password === null ? {} : basicHeader(auth.username, password)
}

/** @throws OptionError for a hook without a password */
function rotationOf(hook: MailjetHook, client: () => MailjetEventCallbacks): Rotation {
  const { name, auth, target } = hook
  if (auth === undefined) throw new OptionError(`rotate: hook "${name}" has no password that could be rotated`)
  const { username, password } = auth
  return {
    target,
    defined: password,
    // Nothing to store.
    body: [],
    headers: (secret) => basicHeader(username, secret),
    async change(to, options) {
      for (const wanted of await wantedOf({ ...hook, auth: { username, password: to } }))
        await client().ensure(settingsOf(wanted), options)
    },
  }
}
