/**
 * `npm run simulate`: senders that repeat as theirs do, receivers and databases as fast as the bench has measured them, and
 * failures that a seed decides. Prints what came of it; `--out folder` writes its curves.
 */
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Random } from '../../src/emulators/kit/random.ts'
import { makeFolder } from '../../src/lib/make-folder.ts'
import { measuredCosts } from './costs.ts'
import { lookFor, simulate } from './model.ts'
import { batchesOf, DEFAULTS, type Failure, hours, MANNERS, type Plan, randomFailures } from './plan.ts'
import { asPlots, asText } from './show.ts'

const USAGE = `npm run simulate -- [options]
  --momentum ${DEFAULTS.momentum}         senders that gather 10 000 events or 30 s, and repeat for 4 h
  --mailjet ${DEFAULTS.mailjet}          senders that post the events of each second, and repeat for 24 h
  --rate ${DEFAULTS.eventsPerSecond}           events a second of each sender
  --hours ${DEFAULTS.hours}            how long they send
  --receivers ${DEFAULTS.receivers}        processes behind a balancer that knows who is there
  --databases ${DEFAULTS.databases}        shards, by delivery
  --handler ${DEFAULTS.handlerMs}          ms that a handler takes for an event, one after the other
  --failures ${DEFAULTS.failures}         receivers and databases that go away, by the seed
  --away database:0:60:300   this one, from minute 60 for 300 minutes; may be repeated, and takes the place of --failures
  --seed ${DEFAULTS.seed}
  --out folder         writes the curves as SVG`

/** Minutes of work. */
const MOST_BATCHES = 2_000_000

const option = { type: 'string' } as const
const { values } = read(() =>
  parseArgs({
    options: {
      ...{ momentum: option, mailjet: option, rate: option, hours: option, receivers: option, databases: option },
      ...{ handler: option, failures: option, seed: option, out: option },
      ...{ away: { ...option, multiple: true }, help: { type: 'boolean' } },
    },
  }),
)

/** What is wrong with the arguments is told in a line, with exit code 2. */
function read<T>(what: () => T): T {
  try {
    return what()
  } catch (error) {
    process.stderr.write(`simulate: ${error instanceof Error ? error.message : error}\nnpm run simulate -- --help\n`)
    process.exit(2)
  }
}

function number(name: keyof typeof values, fallback: number, least: number, most: number): number {
  const value = values[name] === undefined ? fallback : Number(values[name])
  if (value >= least && value <= most && values[name] !== '') return value
  throw new TypeError(
    `--${name}: expected a number from ${least} to ${most}, got ${String(values[name]) || 'an empty text'}`,
  )
}

function count(name: keyof typeof values, fallback: number, least: number, most: number): number {
  const value = number(name, fallback, least, most)
  if (Number.isInteger(value)) return value
  throw new TypeError(`--${name}: expected a whole number, got ${value}`)
}

function awayOf(text: string, counts: { readonly receivers: number; readonly databases: number }): Failure {
  const [, what, at, from, minutes] = /^(receiver|database):(\d+):(\d+):(\d+)$/.exec(text) ?? []
  if (what !== 'receiver' && what !== 'database')
    throw new TypeError(`--away: expected receiver or database, its place, minute and minutes, got ${text}`)
  if (Number(at) >= counts[`${what}s`]) throw new TypeError(`--away: there is no ${what} ${at}`)
  const fromMs = Number(from) * 60_000
  return { what, at: Number(at), fromMs, toMs: fromMs + Number(minutes) * 60_000 }
}

function planOf(): Plan {
  const eventsPerSecond = number('rate', DEFAULTS.eventsPerSecond, 0.1, 100_000)
  const senders = (['momentum', 'mailjet'] as const).flatMap((kind) =>
    Array.from({ length: count(kind, DEFAULTS[kind], 0, 1_000) }, () => ({ kind, eventsPerSecond })),
  )
  if (senders.length === 0) throw new TypeError('--momentum and --mailjet: expected one sender at least')
  const sizes = {
    ...{
      receivers: count('receivers', DEFAULTS.receivers, 1, 64),
      databases: count('databases', DEFAULTS.databases, 1, 64),
    },
    ...{ seed: count('seed', DEFAULTS.seed, 0, 2 ** 31), sendMs: hours(number('hours', DEFAULTS.hours, 0.01, 240)) },
  }
  const batches = senders.reduce((sum, { kind }) => sum + batchesOf(MANNERS[kind], eventsPerSecond, sizes.sendMs), 0)
  if (batches > MOST_BATCHES)
    throw new TypeError(
      `these senders make ${Math.round(batches)} batches in --hours, and at most ${MOST_BATCHES} are simulated`,
    )
  const { next } = new Random(sizes.seed).fork(-1)
  const failures =
    values.away?.map((text) => awayOf(text, sizes)) ??
    randomFailures(count('failures', DEFAULTS.failures, 0, 1_000), sizes, next)
  const plan = {
    ...sizes,
    senders,
    costs: measuredCosts(),
    handlerMs: number('handler', DEFAULTS.handlerMs, 0, 60_000),
    failures,
  }
  return { ...plan, lookMs: lookFor(plan) }
}

/** Before the work. @throws the error of the system for a folder that cannot be made, or nothing can be written to */
function assertTakesFiles(folder: string): void {
  makeFolder(folder)
  rmdirSync(mkdtempSync(join(folder, '.simulate-')))
}

if (values.help) process.stdout.write(`${USAGE}\n`)
else {
  const plan = read(planOf)
  const { out } = values
  if (out !== undefined) read(() => assertTakesFiles(out))
  const outcome = await simulate(plan)
  process.stdout.write(`${asText(plan, outcome)}\n`)
  if (out !== undefined) for (const [name, svg] of asPlots(outcome)) writeFileSync(join(out, name), svg)
}
