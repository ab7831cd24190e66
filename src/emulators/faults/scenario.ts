/** Faults by name, which can be put around each other: exported from `posthorn/emulators`. */
import { OptionError } from '../../errors.ts'
import { knownKeys, wholeNumber } from '../../lib/options.ts'
import type { Fault, Manner, Outcome, Post, Wire } from '../kit/wire.ts'
import { skewed } from './skew.ts'

export interface ScenarioOptions {
  /** Each so many posts are hit, from the one of this number on. Default 3. */
  readonly every?: number
  /** `receiver-killed`, `503-storm`: the number of the post that it begins with, from 1. Default 2. */
  readonly at?: number
  /** `503-storm`: how many posts it lasts. Default 5. */
  readonly posts?: number
  /** `slow-body`: how long the body takes, in real time. Default 1 000. */
  readonly overMs?: number
  /** `clock-skew`: how far the sender's clock is ahead; below 0 behind. Default -3 600 000. */
  readonly byMs?: number
  /** `receiver-killed`: ends the receiver while a post is under way, and starts it again; resolves when it listens. */
  readonly kill?: () => unknown
}

/** What each takes. */
const OPTIONS = {
  'answer-dropped': ['every'],
  'cut-mid-body': ['every'],
  'slow-body': ['every', 'overMs'],
  duplicate: ['every'],
  'concurrent-duplicate': ['every'],
  reorder: ['every'],
  stale: ['every'],
  'half-closed': ['every'],
  'receiver-killed': ['at', 'kill'],
  '503-storm': ['at', 'posts'],
  'clock-skew': ['byMs'],
} as const satisfies Readonly<Record<string, ReadonlyArray<keyof ScenarioOptions>>>

/**
 * `answer-dropped`: the post arrives, its answer does not. `cut-mid-body`: the connection ends in the middle of the body.
 * `slow-body`: the body takes its time. `duplicate`: the post comes twice, one after the other;
 * `concurrent-duplicate`: at once. `reorder`: the post does not arrive, so that its repeat comes after what was behind
 * it. `stale`: the first post that was acknowledged comes again. `half-closed`: the sender ends its half of the connection
 * behind the body and waits for the answer; a server of Node keeps one from it that was not written by then, so that the
 * post is repeated. `receiver-killed`: the receiver ends while a post is under way. `503-storm`: something in front of the
 * receiver answers 503. `clock-skew`: the times of all events are off.
 */
export type ScenarioName = keyof typeof OPTIONS

export const SCENARIO_NAMES = Object.keys(OPTIONS) as readonly ScenarioName[]

/** A fault that counts whom it hit. */
export interface Scenario extends Fault {
  readonly scenario: ScenarioName
  /** How many posts it hit so far. */
  hits(): number
}

interface Settled {
  readonly every: number
  readonly at: number
  readonly posts: number
  readonly overMs: number
  readonly byMs: number
  readonly kill: () => unknown
}

/** Whether the post of that number is hit, and what becomes of it then. */
interface Kind {
  readonly isHit: (settled: Settled, nth: number) => boolean
  readonly hit: (wire: Wire, post: Post, settled: Settled, first: Post | null) => Promise<Outcome>
}

/**
 * A fault for `faults` of an emulator; several can stand beside each other, the first is the outermost. Use each for one
 * emulator; `judge` says what came of them.
 *
 * @example
 * const faults = [scenario('answer-dropped'), scenario('503-storm', { at: 4, posts: 10 })]
 * const mailjet = emulateMailjet({ faults })
 * @throws OptionError for a name that is none, and for an option that is wrong or that the scenario does not take
 */
export function scenario(name: ScenarioName, options: ScenarioOptions = {}): Scenario {
  if (!SCENARIO_NAMES.includes(name)) throw new OptionError(`scenario must be one of ${SCENARIO_NAMES.join(', ')}`)
  knownKeys(`scenario ${name}`, options, OPTIONS[name])
  const settled = settledOf(name, options)
  const { isHit, hit } = KINDS[name]
  let [posts, hits] = [0, 0]
  let first: Post | null = null
  const fault: Fault = (wire) => async (post) => {
    const nth = ++posts
    if (!isHit(settled, nth)) return keepFirst(await wire(post), post)
    hits++
    return keepFirst(await hit(wire, post, settled, first), post)
  }
  const keepFirst = (outcome: Outcome, post: Post): Outcome => {
    if (outcome.status === 200) first ??= post
    return outcome
  }
  return Object.assign(fault, { scenario: name, hits: () => hits })
}

function settledOf(name: ScenarioName, options: ScenarioOptions): Settled {
  const number = (option: string, value: number | undefined, fallback: number) =>
    wholeNumber(`scenario ${name}: ${option}`, value, fallback, 1, 1_000_000)
  const { every, at, posts, overMs, byMs = -3_600_000, kill } = options
  if (!Number.isSafeInteger(byMs))
    throw new OptionError(`scenario ${name}: byMs must be a whole number of milliseconds`)
  if (name === 'receiver-killed' && typeof kill !== 'function')
    throw new OptionError(`scenario ${name}: kill must be a function that ends the receiver and starts it again`)
  return {
    every: number('every', every, 3),
    at: number('at', at, 2),
    posts: number('posts', posts, 5),
    overMs: number('overMs', overMs, 1_000),
    byMs,
    kill: kill ?? (() => {}),
  }
}

const everyNth: Kind['isHit'] = ({ every }, nth) => nth % every === 0
const always: Kind['isHit'] = () => true

const lost = (ms: number): Outcome => ({ status: null, code: 'ECONNRESET', ms })
const UNAVAILABLE: Outcome = { status: 503, headers: { 'retry-after': '30' }, body: '', ms: 0 }

/** The post in this manner, beside what other faults say of it. */
const mannered = (manner: (post: Post, settled: Settled) => Manner): Kind => ({
  isHit: everyNth,
  hit: (wire, post, settled) => wire({ ...post, manner: { ...post.manner, ...manner(post, settled) } }),
})

const KINDS: Readonly<Record<ScenarioName, Kind>> = {
  'answer-dropped': { isHit: everyNth, hit: async (wire, post) => lost((await wire(post)).ms) },
  'cut-mid-body': mannered(({ body }) => ({ cutAfterBytes: Math.floor(Buffer.byteLength(body) / 2) })),
  'slow-body': mannered(({ body }, { overMs }) => {
    return { bytesPerSecond: Math.ceil((Buffer.byteLength(body) * 1_000) / overMs) }
  }),
  'half-closed': mannered(() => ({ halfCloses: true })),
  duplicate: {
    isHit: everyNth,
    async hit(wire, post) {
      await wire(post)
      return wire(post)
    },
  },
  'concurrent-duplicate': {
    isHit: everyNth,
    async hit(wire, post) {
      const [outcome] = await Promise.all([wire(post), wire(post)])
      return outcome
    },
  },
  reorder: { isHit: everyNth, hit: async () => lost(0) },
  stale: {
    isHit: everyNth,
    async hit(wire, post, _, first) {
      if (first !== null) await wire(first)
      return wire(post)
    },
  },
  'receiver-killed': {
    isHit: ({ at }, nth) => nth === at,
    async hit(wire, post, { kill }) {
      const [outcome] = await Promise.all([wire(post), kill()])
      return outcome
    },
  },
  '503-storm': { isHit: ({ at, posts }, nth) => nth >= at && nth < at + posts, hit: async () => UNAVAILABLE },
  'clock-skew': { isHit: always, hit: (wire, post, { byMs }) => wire({ ...post, body: skewed(post.body, byMs) }) },
}
