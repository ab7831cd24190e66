/**
 * How a command changes what is stored. With `--dry-run` it only says what it would do, with `--yes` it does it. With
 * neither, a person is shown what it would do, and asked; where there is none, nothing is done.
 */
import { codeOf } from '../../lib/code-of.ts'
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
  readonly missingShards?: readonly number[] | undefined
}

export interface Act<R extends Report> {
  readonly verb: string
  run(opened: OpenInbox, how: How): Promise<R>
  /** `17 dead letters of "warehouse"`. */
  matched(report: R): string
  /** `Retried 17 of 17`. */
  done(report: R): string
}

export interface How {
  readonly dryRun: boolean
  /** As many as were shown. */
  readonly atMost?: number
}

type Ended = 0 | 1 | 4 | 5 | 130

/**
 * The exit code: 0 done, and 0 of nothing to do; 1 nothing of it could be done, 4 not confirmed, 5 a part of it was done.
 * @throws NotConfirmed where nobody can be asked
 */
export async function act<R extends Report>(options: ActOptions, action: Act<R>): Promise<Ended> {
  assertDecided(action.verb, options)
  return withInbox(options, async (opened) => {
    if (options.dryRun) return dryly(options, action, await action.run(opened, { dryRun: true }))
    return options.yes ? unasked(options, action, opened) : asked(options, action, opened)
  })
}

async function unasked<R extends Report>(options: ActOptions, action: Act<R>, opened: OpenInbox): Promise<Ended> {
  const { atMost } = options
  const report = await bounded(action, opened, atMost === undefined ? {} : { atMost })
  if (report !== null) return done(options, action, report, opened.stop.aborted)
  tell(`What matches is more than --at-most ${atMost}; nothing was changed.`)
  return 4
}

/** Asks again when more matches by then than was shown. */
async function asked<R extends Report>(options: ActOptions, action: Act<R>, opened: OpenInbox): Promise<Ended> {
  const { atMost = Number.POSITIVE_INFINITY } = options
  for (;;) {
    const shown = await action.run(opened, { dryRun: true })
    if (shown.matched > atMost) {
      tell(`${action.matched(shown)}: more than --at-most ${atMost}; nothing was changed.`)
      return 4
    }
    if (shown.matched > 0) {
      tell(action.matched(shown))
      if (!(await isYes(`${action.verb}?`, opened.stop))) {
        tell('Nothing was changed.')
        return opened.stop.aborted ? 130 : 4
      }
    }
    const report = await bounded(action, opened, { atMost: shown.matched })
    if (report !== null) return done(options, action, report, opened.stop.aborted)
    tell('More match now than were shown: look again.')
  }
}

/** null: more matched, and nothing was changed. */
async function bounded<R extends Report>(
  action: Act<R>,
  opened: OpenInbox,
  bound: Pick<How, 'atMost'>,
): Promise<R | null> {
  try {
    return await action.run(opened, { dryRun: false, ...bound })
  } catch (error) {
    if (codeOf(error) === 'ERR_MORE_MATCHED') return null
    throw error
  }
}

/** @throws NotConfirmed where nobody can be asked, before anything is opened */
export function assertDecided(verb: string, { yes, dryRun }: Pick<ActOptions, 'yes' | 'dryRun'>): void {
  if (!yes && !dryRun && !isPersonThere())
    throw new NotConfirmed(`nothing was changed: say --yes, or --dry-run to see what ${verb} would do`)
}

function dryly<R extends Report>({ json }: ActOptions, action: Act<R>, report: R): Ended {
  if (json) say(JSON.stringify({ verb: action.verb, dryRun: true, ...report }))
  else say(`${action.matched(report)}; nothing was changed.`)
  tellOfMissing(report)
  return 0
}

function done<R extends Report>({ json }: ActOptions, action: Act<R>, report: R, isInterrupted: boolean): Ended {
  if (json) say(JSON.stringify({ verb: action.verb, dryRun: false, ...report }))
  else say(action.done(report))
  tellOfMissing(report)
  if (isInterrupted) {
    tell('Interrupted: what is done stays done, and the same command goes on.')
    return 130
  }
  if (report.queued >= report.matched) return report.missingShards === undefined ? 0 : 5
  return report.queued === 0 ? 1 : 5
}

export function tellOfMissing({ missingShards = [] }: Pick<Report, 'missingShards'>): void {
  if (missingShards.length === 0) return
  tell(`Not all shards answered: ${missingShards.join(', ')} did not. Give the command again when they are back.`)
}
