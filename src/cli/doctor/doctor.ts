/** `posthorn doctor`: what keeps a receiver from its work, each with the line that mends it. */
import { styleText } from 'node:util'
import { escapeControls } from '../../core/base/logger.ts'
import { configHere, configOf } from '../config-file.ts'
import type { CredentialOptions } from '../credentials.ts'
import { type InboxOptions, withInbox } from '../inbox/open.ts'
import { say } from '../out/streams.ts'
import { door } from './door.ts'
import { file } from './file.ts'
import type { Finding } from './finding.ts'
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
  const { inbox: path, postgres, url, size, deep } = options
  const isNamed = [path, postgres, url].some((named) => named !== undefined)
  const config = options.config ?? (isNamed ? undefined : configHere())
  const found = machine()
  if (path !== undefined) found.push(...file(path, deep))
  if (config !== undefined) found.push(...(await secrets((await configOf(config)).sources)))
  if ([path, postgres, config].some((named) => named !== undefined))
    found.push(...(await withInbox({ ...options, config }, (opened) => inbox(opened, path))))
  if (url !== undefined) found.push(...(await door({ ...options, url, size })))
  return found
}

function show({ id, ok, what, why, mend }: Finding): void {
  const mark = styleText(ok ? 'green' : 'red', ok ? 'ok  ' : 'mend', { stream: process.stdout })
  say(`${mark} ${id.padEnd(13)} ${escapeControls(what)}`)
  if (why !== null && mend !== null) say(`     ${why}\n     > ${escapeControls(mend)}`)
}
