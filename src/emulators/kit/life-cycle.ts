/** What happens to a message after it was handed to a sender: the same life for every sender, told in its own events. */
import { type Agent, type Link, linkOf, MACHINES, type Message } from './message.ts'
import type { Random } from './random.ts'

export interface Failure {
  readonly kind: 'unknown_user' | 'mailbox_full' | 'dns' | 'timeout' | 'spam' | 'blocked' | 'auto_reply' | 'suppressed'
  readonly smtp: number
  readonly text: string
}

interface Happening<Kind extends string> {
  readonly kind: Kind
  readonly message: Message
  /** When, in milliseconds after the message was handed over. */
  readonly afterMs: number
}

interface Attempted {
  /** Attempts that had failed before this one. */
  readonly retries: number
}

export type Step =
  | Happening<'injected'>
  /** The sender itself refuses: the address is on its suppression list. Nothing follows. */
  | (Happening<'rejected'> & { readonly failure: Failure })
  | (Happening<'deferred'> & Attempted & { readonly failure: Failure })
  | (Happening<'bounced'> & Attempted & { readonly failure: Failure })
  | (Happening<'delivered'> & Attempted)
  /** The receiving side took the message and sends it back afterwards. */
  | (Happening<'late_bounced'> & { readonly failure: Failure })
  | (Happening<'opened'> & { readonly agent: Agent; readonly machine: boolean; readonly first: boolean })
  | (Happening<'clicked'> & { readonly agent: Agent; readonly link: Link })
  | Happening<'complained'>
  | (Happening<'unsubscribed'> & { readonly by: 'link' | 'header' })

export type StepKind = Step['kind']

/** A life ends within this time after the message was handed over. */
export const LIFE_MS = 2 * 3_600_000

const SECOND = 1_000
const MINUTE = 60_000

const SUPPRESSED: Failure = { kind: 'suppressed', smtp: 554, text: '554 5.7.1 recipient address is suppressed' }

const LASTING: readonly [Failure, ...Failure[]] = [
  { kind: 'unknown_user', smtp: 550, text: '550 5.1.1 no such user here' },
  {
    kind: 'unknown_user',
    smtp: 550,
    text: '550-5.1.1 The account does not exist.\r\n550 5.1.1 Ask the addressee – дякуємо',
  },
  { kind: 'dns', smtp: 554, text: '554 5.4.4 no MX for this domain' },
  { kind: 'spam', smtp: 550, text: '550 5.7.1 this looks like spam to us' },
  { kind: 'blocked', smtp: 554, text: '554 5.7.1 the address 203.0.113.20 is blocked' },
]

const PASSING: readonly [Failure, ...Failure[]] = [
  { kind: 'mailbox_full', smtp: 452, text: '452 4.2.2 mailbox full' },
  { kind: 'timeout', smtp: 451, text: '451 4.4.1 no answer from the host' },
  { kind: 'blocked', smtp: 421, text: '421 4.7.0 too many connections, try again later' },
]

const RETURNED: readonly [Failure, ...Failure[]] = [
  { kind: 'unknown_user', smtp: 550, text: '550 5.1.1 unknown user (reported later)' },
  { kind: 'auto_reply', smtp: 550, text: 'I am out of the office – je suis absente' },
]

/** The life of a message, in order of time. Decided by the message alone. */
export function lifeOf(message: Message): Step[] {
  const { random } = message
  const injected: Step = { kind: 'injected', message, afterMs: 0 }
  if (random.chance(0.02)) return [injected, { kind: 'rejected', message, afterMs: 20, failure: SUPPRESSED }]
  const tries = attempts(message)
  const last = tries.at(-1)
  const steps = [injected, ...tries, ...(last?.kind === 'delivered' ? afterDelivery(message, last.afterMs) : [])]
  return steps.sort((a, b) => a.afterMs - b.afterMs)
}

/** Deferrals, then a delivery or a bounce. */
function attempts(message: Message): Step[] {
  const { random } = message
  const steps: Step[] = []
  let afterMs = random.integer(200, 5_000)
  for (let retries = 0; ; retries++) {
    if (retries >= 3 || !random.chance(0.06)) return [...steps, ending(message, afterMs, retries)]
    steps.push({ kind: 'deferred', message, afterMs, retries, failure: random.pick(PASSING) })
    afterMs += (retries + 1) * 5 * MINUTE
  }
}

function ending(message: Message, afterMs: number, retries: number): Step {
  if (message.random.chance(0.04))
    return { kind: 'bounced', message, afterMs, retries, failure: message.random.pick(LASTING) }
  return { kind: 'delivered', message, afterMs, retries }
}

function afterDelivery(message: Message, deliveredMs: number): Step[] {
  const { random } = message
  if (random.chance(0.01)) {
    const afterMs = later(random, deliveredMs, 20 * MINUTE)
    return [{ kind: 'late_bounced', message, afterMs, failure: random.pick(RETURNED) }]
  }
  return [...machineOpens(message, deliveredMs), ...opensAndAfter(message, deliveredMs)]
}

function machineOpens(message: Message, deliveredMs: number): Step[] {
  const { random } = message
  if (!random.chance(0.2)) return []
  const afterMs = deliveredMs + random.integer(1, 20) * SECOND
  return [{ kind: 'opened', message, afterMs, agent: random.pick(MACHINES), machine: true, first: true }]
}

function opensAndAfter(message: Message, deliveredMs: number): Step[] {
  const { random, agent } = message
  if (!random.chance(0.4)) return []
  const firstMs = later(random, deliveredMs, 15 * MINUTE)
  const steps: Step[] = [{ kind: 'opened', message, afterMs: firstMs, agent, machine: false, first: true }]
  for (let n = random.pick([0, 0, 1, 2]); n > 0; n--)
    steps.push({
      kind: 'opened',
      message,
      afterMs: later(random, firstMs, 10 * MINUTE),
      agent,
      machine: false,
      first: false,
    })
  for (let n = random.pick([0, 0, 0, 1, 2]); n > 0; n--)
    steps.push({ kind: 'clicked', message, afterMs: later(random, firstMs, MINUTE), agent, link: linkOf(random) })
  if (random.chance(0.01)) steps.push({ kind: 'complained', message, afterMs: later(random, firstMs, 5 * MINUTE) })
  if (random.chance(0.02))
    steps.push({
      kind: 'unsubscribed',
      message,
      afterMs: later(random, firstMs, 5 * MINUTE),
      by: random.pick(['link', 'header']),
    })
  return steps
}

/** A time after `fromMs`, on average by `meanMs`, and before the life ends. */
function later(random: Random, fromMs: number, meanMs: number): number {
  return Math.round(fromMs + SECOND + random.exponential(meanMs, LIFE_MS - fromMs - 2 * SECOND))
}
