/** `posthorn inbox retry … --url`: a verb of a receiver that runs elsewhere, as far as its dashboard lets one act. */
import { PosthornError } from '../../errors.ts'
import { type DashboardAt, stopAt, verbAt, viewAt } from '../dashboard.ts'
import type { ExitCode } from '../exit.ts'
import { isYes } from '../out/ask.ts'
import { Progress } from '../out/progress.ts'
import { say, tell } from '../out/streams.ts'
import { pause, untilSignal } from '../signals.ts'
import { assertDecided } from './act.ts'
import { stoppedText } from './verbs.ts'
import { zoned } from './zoned.ts'

export interface ActElsewhereOptions {
  readonly url: string
  readonly json: boolean
  readonly yes: boolean
  readonly dryRun: boolean
  readonly rate?: number | undefined
  readonly atMost?: number | undefined
}

/** As the dashboard takes it: `filter` of a verb, of `pause` and `resume` the handler; `email` of a person. */
export interface Fields {
  readonly filter?: string
  readonly email?: string
  readonly all?: true
  readonly to?: readonly string[]
  /** Of a replay: the delivery behind which it goes on. */
  readonly after?: string
  readonly copies?: boolean
}

interface Plan {
  readonly matched: number
  readonly counts: Readonly<Record<string, number>>
}

interface Run extends Pick<Plan, 'matched'> {
  readonly run: string
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  readonly done: number
  readonly error: string | null
  /** The id of a replay, once it has begun. */
  readonly replay: string | null
  /** With which what was stopped goes on; null: with nothing that could be told. */
  readonly again: { readonly fields: { readonly after?: string } } | null
}

/** Between two looks at how far it is. */
const EVERY_MS = 500

/** The exit code is that of `act`. @throws NotConfirmed where nobody can be asked */
export async function actElsewhere(verb: string, fields: Fields, options: ActElsewhereOptions): Promise<ExitCode> {
  assertDecided(verb, options)
  const { url, rate, yes, dryRun, json, atMost = Number.POSITIVE_INFINITY } = options
  const filter = fields.filter === undefined || ofHandler(verb) ? {} : { filter: zoned(verb, fields.filter) }
  const wish = { ...fields, ...filter, ...(rate === undefined ? {} : { rate }) }
  return untilSignal(async (stop) => {
    const at = { url, stop }
    let { data: plan } = await verbAt<Plan>(at, verb, wish)
    for (;;) {
      const { matched } = plan
      if (dryRun || matched === 0) {
        if (json) say(JSON.stringify({ verb, dryRun, ...plan }))
        else say(`${textOf(plan)}; nothing was changed.`)
        return 0
      }
      if (matched > atMost) {
        tell(`${textOf(plan)}: more than --at-most ${atMost}; nothing was changed.`)
        return 4
      }
      if (!yes) tell(textOf(plan))
      if (!yes && !(await isYes(`${verb}?`, stop))) {
        tell('Nothing was changed.')
        return stop.aborted ? 130 : 4
      }
      const begun = await verbAt<Plan | Run>(at, verb, { ...wish, matched })
      if ('run' in begun.data) return ended(await followed(at, begun.data), options, verb)
      // More matches than was shown, or nothing any more.
      plan = begun.data
    }
  })
}

const ofHandler = (verb: string) => verb === 'pause' || verb === 'resume'

const textOf = ({ matched, counts }: Plan): string =>
  [`${matched} matched`, ...Object.entries(counts).map(([name, count]) => `${name} ${count}`)].join(', ')

/** Until it has ended; a signal stops it there. */
async function followed({ url, stop }: DashboardAt, begun: Run): Promise<Run> {
  const [progress, at] = [new Progress(), { url, stop: new AbortController().signal }]
  let [run, isStopped] = [begun, false]
  while (run.state === 'running') {
    progress.show(`${run.done} of ${run.matched}`)
    await pause(EVERY_MS, isStopped ? at.stop : stop)
    if (stop.aborted && !isStopped) await stopAt(at, run.run)
    isStopped = stop.aborted
    const found = await viewAt<Run>(at, { view: 'run', run: run.run })
    if (found === null) throw new PosthornError('ERR_API_REJECTED', `The run ${run.run} is not known any more there.`)
    run = found.data
  }
  progress.end()
  return run
}

function ended(run: Run, { json }: ActElsewhereOptions, verb: string): ExitCode {
  const { state, done, matched, error } = run
  if (json) say(JSON.stringify(run))
  else say(`${verb}: ${state}, ${done} of ${matched}${error === null ? '' : `: ${error}`}`)
  if (run.replay !== null && state !== 'done') tell(stoppedText(run.replay, run.again?.fields.after ?? null))
  if (state === 'stopped') return 130
  if (state === 'failed') return done === 0 ? 1 : 5
  return done >= matched ? 0 : done === 0 ? 1 : 5
}
