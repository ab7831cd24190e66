/** `posthorn inbox retry`, `drop`, `replay`, `reparse`, `erase`. */
import type {
  DropFilter,
  EraseReport,
  PersonFilter,
  ReparseFilter,
  ReplayFilter,
  ReplayReport,
  RetryFilter,
} from '../../public/inbox.ts'
import { counted } from '../out/format.ts'
import { Progress } from '../out/progress.ts'
import { tell } from '../out/streams.ts'
import { type Act, type ActOptions, act, type Report } from './act.ts'

export interface VerbOptions extends ActOptions {
  readonly rate?: number | undefined
}

/** Which, in words, or everything. What goes together is checked by the verb. */
export interface Said {
  readonly filter?: string
  readonly all?: true
  readonly missed?: true
}

const rateOf = ({ rate }: VerbOptions) => (rate === undefined ? {} : { ratePerSecond: rate })
const progressed = ({ queued, matched }: Report) => `${queued} of ${matched}`

export const retry = (filter: Said, options: VerbOptions) =>
  act(options, {
    verb: 'retry',
    run: ({ control, stop }, how) => control.retry(filter as RetryFilter, { ...rateOf(options), ...how, signal: stop }),
    matched: ({ matched }) => `${counted(matched, 'failure')} to be tried again`,
    done: (report) => `${progressed(report)} are tried again.`,
  })

export const drop = (filter: Said, options: VerbOptions) =>
  act(options, {
    verb: 'drop',
    run: ({ control, stop }, how) => control.drop(filter as DropFilter, { ...rateOf(options), ...how, signal: stop }),
    matched: ({ matched }) => `${counted(matched, 'failure or event', 'failures and events')} to be given up, for good`,
    done: (report) => `${progressed(report)} are given up.`,
  })

export const reparse = (filter: Said, options: VerbOptions) =>
  act(options, {
    verb: 'reparse',
    run: ({ control, stop }, how) =>
      control.reparse(filter as ReparseFilter, { ...rateOf(options), ...how, signal: stop }),
    matched: ({ matched }) => `${counted(matched, 'event')} in quarantine that can be read now`,
    done: (report) => `${progressed(report)} are handed to the handlers.`,
  })

export const replay = (
  filter: Said & { readonly to?: readonly string[] },
  options: VerbOptions & { readonly utc: boolean; readonly after?: string | undefined },
) => {
  const progress = new Progress()
  const { after } = options
  let place: string | null = after ?? null
  const action: Act<ReplayReport> = {
    verb: 'replay',
    async run({ control, stop }, how) {
      const report = await control.replay(filter as ReplayFilter, {
        ...{ ...rateOf(options), ...how, signal: stop, ...(after === undefined ? {} : { after }) },
        onProgress(done) {
          place = done.place ?? place
          progress.show(`${counted(done.deliveries, 'delivery', 'deliveries')}, ${counted(done.matched, 'event')}`)
        },
      })
      progress.end()
      if (stop.aborted && !how.dryRun) tell(stoppedText(report.run, place))
      return report
    },
    matched: ({ matched, unreadable }) => `${counted(matched, 'event')} to be handled again${unread(unreadable)}`,
    done: (report) => `${progressed(report)} are handled again, as ${report.run}${unread(report.unreadable)}.`,
  }
  return act(options, action)
}

/** How a replay that was stopped goes on, behind the delivery that it had come to, or is taken back. */
export function stoppedText(run: string, place: string | null): string {
  const goOn = place === null ? '' : `Go on with the same and --after ${place}; `
  return `Stopped. ${goOn}give up what is queued with: posthorn inbox drop run:${run}`
}

const unread = (deliveries: number) =>
  deliveries === 0 ? '' : `; ${counted(deliveries, 'delivery', 'deliveries')} could not be read`

/** Of a person: what is stored of them is gone when it ends. */
export const erase = (person: PersonFilter, options: VerbOptions & { readonly copies: boolean }) => {
  const progress = new Progress()
  const action: Act<EraseReport> = {
    verb: 'erase',
    async run({ control, stop }, how) {
      const report = await control.erase(person, {
        ...{ ...rateOf(options), ...how, signal: stop, copies: options.copies },
        onProgress: ({ deliveries, matched }) =>
          progress.show(`${counted(deliveries, 'delivery', 'deliveries')} searched, ${matched} found`),
      })
      progress.end()
      return report
    },
    matched: ({ matched, deliveries, closed }) =>
      `${counted(matched, 'element')} to be erased (${counted(deliveries, 'delivery', 'deliveries')} searched)${shut(closed)}`,
    done: (report) =>
      [`${progressed(report)} are erased${shut(report.closed)}.`, ...report.leftIn.map(left)].join('\n'),
  }
  return act(options, action)
}

const shut = (closed: number) => (closed === 0 ? '' : `; ${closed} could not be looked into`)
const left = (file: string) => `Still there may be some in ${file}: --copies removes it.`
