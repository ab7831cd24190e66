/** `posthorn doctor`: what keeps a receiver from its work, each with the line that mends it. */
import { existsSync } from 'node:fs'
import { styleText } from 'node:util'
import { escapeControls } from '../../core/base/logger.ts'
import { codeOf } from '../../lib/code-of.ts'
import { port } from '../../lib/symbols.ts'
import type { PosthornConfig } from '../../public/config.ts'
import { configHere, configOf } from '../config-file.ts'
import type { CredentialOptions } from '../credentials.ts'
import { type InboxOptions, withInbox } from '../inbox/open.ts'
import { say } from '../out/streams.ts'
import { door } from './door.ts'
import { file, fileToCome } from './file.ts'
import { type Finding, ill } from './finding.ts'
import { inbox } from './inbox.ts'
import { machine } from './machine.ts'
import { secrets } from './secrets.ts'

export interface DoctorOptions extends InboxOptions, CredentialOptions {
  readonly url?: string | undefined
  readonly size: number
  readonly deep: boolean
  readonly json: boolean
}

/** The exit code: 0 when all is well, 1 when something is to be mended. */
export async function doctor(options: DoctorOptions): Promise<0 | 1> {
  const findings = await findingsOf(options)
  const isWell = findings.every(({ ok }) => ok)
  if (options.json) say(JSON.stringify({ ok: isWell, findings }))
  else for (const finding of findings) show(finding)
  return isWell ? 0 : 1
}

async function findingsOf(options: DoctorOptions): Promise<Finding[]> {
  const { inbox: named, postgres, url, size, deep } = options
  const found = machine()
  const config = await configFor(options)
  const path = named ?? (postgres === undefined ? config?.inbox[port].file : undefined)
  // Before the first start there is none; one that was named has to be there.
  const isToCome = named === undefined && path !== undefined && !existsSync(path)
  if (path !== undefined) found.push(...(isToCome ? fileToCome(path) : file(path, deep)))
  if (config !== null) found.push(...(await secrets(config.sources)))
  if (!isToCome && (path !== undefined || postgres !== undefined || config !== null))
    found.push(...(await opened(options, path)))
  if (url !== undefined) found.push(...(await door({ ...options, url, size })))
  return found
}

/** What it holds, or why it cannot be told. @throws where there is none, or nobody answers */
async function opened(options: InboxOptions, path: string | undefined): Promise<Finding[]> {
  try {
    return await withInbox(options, (one) => inbox(one, path))
  } catch (error) {
    const mend = MENDS.get(codeOf(error))
    if (mend === undefined) throw error
    return [ill('open', (error as Error).message, 'no receiver can open it: senders are answered 503', mend)]
  }
}

const MENDS: ReadonlyMap<string, string> = new Map([
  ['ERR_INBOX_CORRUPT', 'restore a backup: docs/backup.md'],
  ['ERR_INBOX_FOREIGN', 'posthorn doctor --inbox <file>: the path of an inbox'],
  ['ERR_INBOX_VERSION', 'npm install posthorn@latest'],
])

/** The one that is named, else that of this folder where nothing else is named. */
async function configFor({ config, inbox, postgres, url }: DoctorOptions): Promise<PosthornConfig | null> {
  const isNamed = [config, inbox, postgres, url].some((one) => one !== undefined)
  const file = isNamed ? config : configHere()
  return file === undefined ? null : configOf(file)
}

function show({ id, ok, what, why, mend }: Finding): void {
  const mark = styleText(ok ? 'green' : 'red', ok ? 'ok  ' : 'mend', { stream: process.stdout })
  say(`${mark} ${id.padEnd(13)} ${escapeControls(what)}`)
  if (why !== null && mend !== null) say(`     ${why}\n     > ${escapeControls(mend)}`)
}
