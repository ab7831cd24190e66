/**
 * How a command changes what is stored. With `--dry-run` it only says what it would do, with `--yes` it does it. With
 * neither, a person is shown what it would do, and asked; where there is none, nothing is done.
 */
import { isPersonThere, isYes } from '../out/ask.ts'
import { say, tell } from '../out/streams.ts'
import { NotConfirmed } from './not-confirmed.ts'
import { type InboxOptions, type OpenInbox, withInbox } from './open.ts'

export interface ActOptions extends InboxOptions {
  readonly json: boolean
  readonly yes: boolean
  readonly dryRun: boolean
  /** Nothing is done where more would be matched. */
  readonly atMost?: number | undefined
}

export interface Report {
  readonly matched: number
  readonly queued: number
}

export interface Act<R extends Report> {
  readonly verb: string
  run(opened: OpenInbox, dryRun: boolean): Promise<R>
  /** `17 dead letters of "warehouse"`. */
  matched(report: R): string
  /** `Retried 17 of 17`. */
  done(report: R): string
}

type Ended = 0 | 1 | 4 | 5 | 130

/**
 * The exit code: 0 done, and 0 of nothing to do; 1 nothing of it could be done, 4 not confirmed, 5 a part of it was done.
 * @throws NotConfirmed where nobody can be asked
 */
export async function act<R extends Report>(options: ActOptions, action: Act<R>): Promise<Ended> {
  assertDecided(action.verb, options)
  return withInbox(options, async (opened) => {
    if (options.dryRun) return dryly(options, action, await action.run(opened, true))
    if (!options.yes || options.atMost !== undefined) {
      const refusal = await confirm(options, action, opened)
      if (refusal !== null) return refusal
    }
    return done(options, action, await action.run(opened, false), opened.stop.aborted)
  })
}

/** @throws NotConfirmed where nobody can be asked, before anything is opened */
export function assertDecided(verb: string, { yes, dryRun }: Pick<ActOptions, 'yes' | 'dryRun'>): void {
  if (!yes && !dryRun && !isPersonThere())
    throw new NotConfirmed(`nothing was changed: say --yes, or --dry-run to see what ${verb} would do`)
}

/** null: go on. Asks again when more matches by then than was shown. */
async function confirm<R extends Report>(
  { yes, atMost = Number.POSITIVE_INFINITY }: ActOptions,
  action: Act<R>,
  opened: OpenInbox,
): Promise<Ended | null> {
  let report = await action.run(opened, true)
  for (;;) {
    if (report.matched > atMost) {
      tell(`${action.matched(report)}: more than --at-most ${atMost}; nothing was changed.`)
      return 4
    }
    if (yes || report.matched === 0) return null
    tell(action.matched(report))
    if (!(await isYes(`${action.verb}?`, opened.stop))) {
      tell('Nothing was changed.')
      return opened.stop.aborted ? 130 : 4
    }
    const shown = report.matched
    report = await action.run(opened, true)
    if (report.matched <= shown) return null
  }
}

function dryly<R extends Report>({ json }: ActOptions, action: Act<R>, report: R): Ended {
  if (json) say(JSON.stringify({ verb: action.verb, dryRun: true, ...report }))
  else say(`${action.matched(report)}; nothing was changed.`)
  return 0
}

function done<R extends Report>({ json }: ActOptions, action: Act<R>, report: R, isInterrupted: boolean): Ended {
  if (json) say(JSON.stringify({ verb: action.verb, dryRun: false, ...report }))
  else say(action.done(report))
  if (isInterrupted) {
    tell('Interrupted: what is done stays done, and the same command goes on.')
    return 130
  }
  if (report.queued >= report.matched) return 0
  return report.queued === 0 ? 1 : 5
}
