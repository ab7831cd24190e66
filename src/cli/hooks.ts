/** `posthorn hooks`: webhooks at the senders. */

import { shownAddress } from '../clients/hooks/shown.ts'
import {
  catalogueDrift,
  type HookPlan,
  mailjetEventCallbacks,
  momentumWebhooks,
  type TestedHook,
} from '../clients/index.ts'
import { OptionError } from '../errors.ts'
import { hooksOf } from './hooks-file.ts'
import { say } from './out/streams.ts'

interface JsonOptions {
  readonly json: boolean
}

interface FileOptions extends JsonOptions {
  readonly file?: string | undefined
}

interface Listed {
  readonly sender: 'momentum' | 'mailjet'
  readonly id: string
  readonly name: string
  readonly target: string
  readonly events: readonly string[]
  readonly auth: string
  readonly state: string
}

/** Every webhook there is. @throws OptionError when no keys are set */
export async function list({ json }: JsonOptions): Promise<0> {
  const { SPARKPOST_API_KEY, MAILJET_API_KEY } = process.env
  if (SPARKPOST_API_KEY === undefined && MAILJET_API_KEY === undefined)
    throw new OptionError('set SPARKPOST_API_KEY, or MAILJET_API_KEY and MAILJET_API_SECRET, in the environment')
  const listed = [
    ...(SPARKPOST_API_KEY === undefined ? [] : await momentumList()),
    ...(MAILJET_API_KEY === undefined ? [] : await mailjetList()),
  ]
  say(json ? JSON.stringify({ hooks: listed }) : listed.map(lineOf).join('\n') || 'No webhooks.')
  return 0
}

const baseUrl = (url: string | undefined) => (url === undefined ? {} : { baseUrl: url })

const momentumClient = () =>
  momentumWebhooks({ apiKey: { env: 'SPARKPOST_API_KEY' }, ...baseUrl(process.env.SPARKPOST_BASE_URL) })

async function momentumList(): Promise<Listed[]> {
  return (await momentumClient().list()).map(({ id, name, target, events, auth, active }) => ({
    ...({ sender: 'momentum', id, name, target: shownAddress(target), events } as const),
    ...{ auth: auth.kind, state: active ? 'active' : 'suspended' },
  }))
}

async function mailjetList(): Promise<Listed[]> {
  const keys = { apiKey: { env: 'MAILJET_API_KEY' }, apiSecret: { env: 'MAILJET_API_SECRET' } }
  const client = mailjetEventCallbacks({ ...keys, ...baseUrl(process.env.MAILJET_BASE_URL) })
  return (await client.list()).map(({ id, eventType, isBackup, url, username, status, version }) => ({
    ...({ sender: 'mailjet', id: String(id), name: isBackup ? `${eventType} (backup)` : eventType } as const),
    ...{ target: shownAddress(url), events: [eventType], auth: username === null ? 'none' : 'basic' },
    state: `${status}, ${version === 2 ? 'grouped' : 'single'}`,
  }))
}

const lineOf = ({ sender, id, name, target, events, auth, state }: Listed): string =>
  `${sender} ${id} "${name}" ${target}\n    ${state}, auth ${auth}; ${events.join(', ')}`

/** The exit code: 0 when everything is as it is wanted, 1 when it is not. */
export async function plan({ file, json }: FileOptions): Promise<0 | 1> {
  const found = await (await hooksOf(file)).plan()
  showPlan(found, json)
  return found.changes.length === 0 ? 0 : 1
}

const showPlan = (found: HookPlan, json: boolean) => say(json ? JSON.stringify(found) : found.text())

/** The exit code: 0 when all changes were made, 5 when some were, 1 when none was. */
export async function apply(options: FileOptions & { readonly deleteUnknown: boolean }): Promise<0 | 1 | 5> {
  const found = await (await hooksOf(options.file)).plan()
  const { changed, failed } = await found.apply({ deleteUnknown: options.deleteUnknown })
  const failures = failed.map(({ change, error: { code, message } }) => ({ ...change, error: code, message }))
  if (options.json) say(JSON.stringify({ changed, failed: failures }))
  else {
    for (const { action, sender, hook } of changed) say(`${action}d ${sender} "${hook}"`)
    for (const { action, sender, hook, message } of failures) say(`failed to ${action} ${sender} "${hook}": ${message}`)
    if (changed.length + failed.length === 0) say('No changes.')
  }
  if (failed.length === 0) return 0
  return changed.length === 0 ? 1 : 5
}

/** The exit code: 0 when every target answers 200, 1 when one does not. */
export async function test({ file, json }: FileOptions): Promise<0 | 1> {
  const tested = await (await hooksOf(file)).test()
  say(json ? JSON.stringify({ hooks: tested }) : tested.map(testLine).join('\n'))
  return tested.every(({ ok }) => ok) ? 0 : 1
}

const testLine = ({ sender, hook, ok, status, why }: TestedHook): string =>
  `${ok ? 'ok' : 'failed'} ${sender} "${hook}"${ok ? `: ${status}` : `: ${why}`}`

/** The exit code: 0 when the sender has the new secret, 1 when the target does not take both. */
export async function rotate(hook: string, options: FileOptions & { readonly toEnv: string }): Promise<0 | 1> {
  const rotated = await (await hooksOf(options.file)).rotate(hook, { to: { env: options.toEnv } })
  if (options.json) say(JSON.stringify(rotated))
  else if (rotated.result === 'switched') say(`"${hook}" has the new secret at its sender.\n${NEXT}`)
  else
    for (const [which, { why }] of [
      ['defined', rotated.old],
      ['new', rotated.new],
    ] as const)
      if (why !== null) say(`nothing was changed: with the ${which} secret ${why}`)
  return rotated.result === 'switched' ? 0 : 1
}

/** The exit code: 0 when nothing is new there, 1 when something is. */
export async function drift({ json }: JsonOptions): Promise<0 | 1> {
  const found = await catalogueDrift({ client: momentumClient() })
  say(json ? JSON.stringify(found) : found.text())
  return found.hasDrift ? 1 : 0
}

const NEXT = `Keep the old one in the receiver while batches that wait at the sender come with it: receiver.metrics().credentials tells
when it was used last. Then take it out, and give the variable of the definitions the new value.`
