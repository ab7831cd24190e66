/** A simulation as text, and its curves as SVG. */
import type { Measure, RunResult } from '../harness/results.ts'
import { plotsOf } from '../report/plots.ts'
import type { Outcome, Point } from './model.ts'
import type { Plan } from './plan.ts'

/** A gap in the curve. */
const NO_ANSWER = Number.NaN

const BARS = ' ▁▂▃▄▅▆▇█'

/** One character for each point; the highest is full. */
function bars(values: readonly number[]): string {
  const most = Math.max(1, ...values)
  return values.map((value) => BARS[Math.ceil((value / most) * (BARS.length - 1))]).join('')
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US').replaceAll(',', ' ')
const ms = (value: number) => `${value < 10 ? value.toFixed(1) : whole(value)} ms`

export function asText(plan: Plan, outcome: Outcome): string {
  const { points, ack, most } = outcome
  const rows: readonly (readonly [string, string])[] = [
    ['seed', String(plan.seed)],
    [
      'senders',
      `${plan.senders.length}, ${whole(plan.senders.reduce((sum, one) => sum + one.eventsPerSecond, 0))} events/s together`,
    ],
    ['receivers, databases', `${plan.receivers}, ${plan.databases}`],
    ...plan.failures.map(
      ({ what, at, fromMs, toMs }) =>
        [
          'away',
          `${what} ${at} from minute ${Math.round(fromMs / 60_000)} for ${Math.round((toMs - fromMs) / 60_000)} min`,
        ] as const,
    ),
    ['events sent', whole(outcome.sent)],
    ['handled', whole(outcome.handled)],
    ['waiting at senders', `${whole(outcome.waitingAtSenders)}, most ${whole(most.atSenders)}`],
    ['waiting in databases', `${whole(outcome.waitingInDatabases)}, most ${whole(most.inDatabases)}`],
    ['lost at senders, after their limit', whole(outcome.lost)],
    [
      'posts',
      `${whole(outcome.posts)}, ${whole(outcome.repeated)} of them repeated, ${whole(outcome.absorbed)} absorbed`,
    ],
    ['acknowledged', `${whole(outcome.acknowledged)}, p50 ${ms(ack.p50)}, p99 ${ms(ack.p99)}, max ${ms(ack.max)}`],
    ['last event handled', `minute ${Math.round(outcome.doneMs / 60_000)}`],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const curves = [
    ['at senders', points.map(({ atSenders }) => atSenders)],
    ['in databases', points.map(({ inDatabases }) => inDatabases)],
    ['ack p99', points.map(({ ackP99 }) => ackP99)],
  ] as const
  return [
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    ...curves.map(([name, values]) => `${name.padEnd(12)} ${bars(values)} most ${whole(Math.max(...values))}`),
    `${' '.repeat(12)} 0 to ${points.at(-1)?.minute ?? 0} minutes`,
  ].join('\n')
}

/** By file name. */
export function asPlots({ points }: Outcome): Map<string, string> {
  const line = (subject: string, measure: string, unit: Measure['unit'], value: (point: Point) => number): Measure[] =>
    points.map((point) => ({ measure, subject, setting: subject, unit, rounds: [value(point)], at: point.minute }))
  const measures = [
    ...line('at senders', 'events waiting over minutes', 'events', ({ atSenders }) => atSenders),
    ...line('in databases', 'events waiting over minutes', 'events', ({ inDatabases }) => inDatabases),
    ...line('ack p99', 'ack p99 over minutes', 'ms', ({ ackP99 }) => ackP99 || NO_ANSWER),
  ]
  const scenario = { name: 'simulate', title: '', how: '', notes: [], measures }
  return plotsOf({
    at: '',
    quick: false,
    commit: '',
    machine: {},
    client: '',
    scenarios: [scenario],
  } satisfies RunResult)
}
