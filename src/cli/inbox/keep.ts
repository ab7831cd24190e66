/** `posthorn inbox pause`, `resume`, `prune`, `backup`, `export`. */
import { OptionError } from '../../errors.ts'
import type { PersonalRecord, PersonFilter, VerbReport } from '../../public/inbox.ts'
import { isYes } from '../out/ask.ts'
import { bytesText } from '../out/format.ts'
import { showRows } from '../out/lines.ts'
import { say, tell } from '../out/streams.ts'
import { type ActOptions, assertDecided, tellOfMissing } from './act.ts'
import type { LookOptions } from './look.ts'
import { type OpenInbox, withInbox } from './open.ts'

/** What has no count before it is done: it is asked for, or done. */
async function asked<R extends object>(
  verb: string,
  what: string,
  options: ActOptions,
  run: (opened: OpenInbox) => Promise<R & Pick<VerbReport, 'missingShards'>>,
  done: (report: R) => string,
): Promise<0 | 4 | 5> {
  assertDecided(verb, options)
  return withInbox(options, async (opened) => {
    if (!options.dryRun && !options.yes && !(await isYes(`${what}?`, opened.stop))) {
      tell('Nothing was changed.')
      return 4
    }
    const report = options.dryRun ? null : await run(opened)
    if (options.json) say(JSON.stringify({ verb, dryRun: options.dryRun, ...report }))
    else say(report === null ? `${what}: nothing was changed.` : done(report))
    if (report?.missingShards === undefined) return 0
    tellOfMissing(report)
    return 5
  })
}

export const pause = (handler: string, options: ActOptions) =>
  asked(
    'pause',
    `Pause "${handler}": its events wait, until resume`,
    options,
    async ({ control }) => {
      await control.pause(handler)
      return { handler }
    },
    () => `"${handler}" is paused; go on with: posthorn inbox resume ${handler}`,
  )

export const resume = (handler: string, options: ActOptions) =>
  asked(
    'resume',
    `Resume "${handler}"`,
    options,
    async ({ control }) => {
      await control.resume(handler)
      return { handler }
    },
    () => `"${handler}" works on.`,
  )

/** By the retention of the owner; where there is none by that of the configuration, so there must be one. */
export const prune = (options: ActOptions) =>
  asked(
    'prune',
    'Let go of what is finished and older than the retention says',
    options,
    async ({ control, isConfigured }) => {
      if (!isConfigured)
        throw new OptionError('prune needs --config: what is kept, and for how long, stands in the configuration')
      return control.prune()
    },
    ({ missingShards: _, ...report }) =>
      Object.entries(report)
        .map(([what, count]) => `${what}\t${count}`)
        .join('\n'),
  )

export async function backup(path: string, options: LookOptions): Promise<0> {
  return withInbox(options, async ({ control }) => {
    const { bytes } = await control.backup(path)
    say(options.json ? JSON.stringify({ path, bytes }) : `${path}: ${bytesText(bytes)}`)
    return 0
  })
}

/** One JSON object a line, with the bytes in base64: it goes to the person. */
export async function exportPerson(person: PersonFilter, options: LookOptions): Promise<0 | 130> {
  return withInbox(options, async ({ control, stop }) => {
    const found = untilStopped(control.export(person), stop)
    const count = await showRows(found, [], { ...options, json: true }, toJson)
    if (count === 0) tell('Nothing is stored of this person.')
    return stop.aborted ? 130 : 0
  })
}

const toJson = ({ raw, ...record }: PersonalRecord) => ({ ...record, raw: Buffer.from(raw).toString('base64') })

async function* untilStopped<T>(rows: AsyncIterable<T>, stop: AbortSignal): AsyncGenerator<T> {
  for await (const row of rows) {
    if (stop.aborted) return
    yield row
  }
}
