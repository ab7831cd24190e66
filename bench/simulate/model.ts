/**
 * Senders, receivers and databases on the virtual clock of the emulators. A delivery goes to a receiver that is there, in
 * turn, is worked on there after those before it, and is committed by the database that it belongs to, as `sharded` tells it.
 * An answer that comes too late counts as none; its repeat is absorbed. What is simulated is our arithmetic, and no program:
 * the same plan gives the same result, to the last digit.
 */
import { type EmulatorClock, virtualClock } from '../../src/emulators/kit/clock.ts'
import { Random } from '../../src/emulators/kit/random.ts'
import { homeOf, type State } from '../../src/inboxes/sharded/ring.ts'
import { type Failure, MANNERS, type Manner, type Plan } from './plan.ts'

const TICK_MS = 1_000
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000]
/** So many points has a curve at most. */
const POINTS = 96

/** Events that wait: the most since the point before. */
export interface Point {
  readonly minute: number
  readonly atSenders: number
  readonly inDatabases: number
  /** Of answers since the point before, in ms; 0: there were none. */
  readonly ackP99: number
}

export interface Outcome {
  /** Events. `sent` are the others together. */
  readonly sent: number
  readonly handled: number
  readonly waitingAtSenders: number
  readonly waitingInDatabases: number
  readonly lost: number
  readonly posts: number
  readonly acknowledged: number
  /** Posts of what had been posted before, and those of them that were stored already. */
  readonly repeated: number
  readonly absorbed: number
  readonly ack: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly most: { readonly atSenders: number; readonly inDatabases: number }
  /** Of the last event that was handled, since the start. */
  readonly doneMs: number
  readonly points: readonly Point[]
}

interface Delivery {
  readonly events: number
  readonly database: Server
  attempts: number
  isStored: boolean
  /** Its sender does not repeat it any more. */
  isLost: boolean
}

/** Works on one thing after the other. */
class Server {
  readonly #failures: readonly Failure[]
  freeAt = 0

  constructor(failures: readonly Failure[]) {
    this.#failures = failures
  }

  isUp(at: number): boolean {
    return !this.#failures.some(({ fromMs, toMs }) => fromMs <= at && at < toMs)
  }

  /** When it will have done so much that is handed in now, or goes away over it. */
  take(now: number, ms: number): { readonly at: number; readonly isDone: boolean } {
    const done = Math.max(now, this.freeAt) + ms
    const failure = this.#failures.find(({ fromMs, toMs }) => fromMs <= done && now < toMs)
    this.freeAt = failure === undefined ? done : failure.toMs
    return failure === undefined ? { at: done, isDone: true } : { at: Math.max(now, failure.fromMs), isDone: false }
  }
}

export class Simulation {
  readonly clock: EmulatorClock = virtualClock({ at: 0 })
  readonly plan: Plan
  readonly receivers: readonly Server[]
  readonly databases: readonly Server[]
  readonly #states: readonly State[]
  readonly #waiting = new Map<Server, number>()
  readonly #senders: readonly Sender[]
  readonly counts = { sent: 0, handled: 0, stored: 0, lost: 0, posts: 0, acknowledged: 0, repeated: 0, absorbed: 0 }
  readonly #points: Point[] = []
  readonly #acks: number[] = []
  #acksOfPoint: number[] = []
  #turn = 0
  #isTicking = false
  readonly #most = { atSenders: 0, inDatabases: 0 }
  #mostOfPoint = { atSenders: 0, inDatabases: 0 }
  #doneMs = 0
  /** Of each receiver, in the tick: what is left for handlers. */
  #worked = 0

  constructor(plan: Plan) {
    this.plan = plan
    const of = (what: Failure['what'], count: number) =>
      Array.from(
        { length: count },
        (_, at) => new Server(plan.failures.filter((one) => one.what === what && one.at === at)),
      )
    this.receivers = of('receiver', plan.receivers)
    this.databases = of('database', plan.databases)
    this.#states = this.databases.map(() => 'takes')
    const random = new Random(plan.seed)
    this.#senders = plan.senders.map(
      ({ kind, eventsPerSecond }, at) =>
        new Sender(this, MANNERS[kind], eventsPerSecond, random.fork(at), `${kind} ${at}`),
    )
  }

  async run(): Promise<Outcome> {
    for (const sender of this.#senders) sender.start()
    this.#point()
    await this.clock.advance(this.plan.lookMs)
    const { sent, handled, lost, posts, acknowledged, repeated, absorbed } = this.counts
    return {
      ...{ sent, handled, waitingAtSenders: this.#atSenders(), waitingInDatabases: this.#inDatabases(), lost },
      ...{
        posts,
        acknowledged,
        repeated,
        absorbed,
        ack: { p50: of(this.#acks, 0.5), p99: of(this.#acks, 0.99), max: of(this.#acks, 1) },
      },
      ...{ most: this.#most, doneMs: this.#doneMs, points: this.#shown() },
    }
  }

  databaseOf(key: string): Server {
    return this.databases[homeOf(key, this.#states).place] as Server
  }

  /** Calls `answered` once, when the sender knows: true for a 200 in time. */
  post(delivery: Delivery, { answerMs }: Manner, answered: (isTaken: boolean) => void): void {
    const { counts, clock, plan } = this
    const began = clock.now()
    counts.posts++
    delivery.attempts++
    if (delivery.attempts > 1) counts.repeated++
    const answerAt = (at: number, isTaken: boolean) => {
      const isInTime = at - began <= answerMs
      clock.after((isInTime ? at : began + answerMs) - clock.now(), () => {
        if (isTaken && isInTime) this.#acknowledged(at - began)
        answered(isTaken && isInTime)
      })
    }
    const { postMs, storeMs, waitMs } = plan.costs
    const storing = storeMs * delivery.events
    const receiver = this.#receiver(began)
    const read = receiver?.take(began, postMs + storing) ?? { at: began, isDone: false }
    if (receiver !== null) this.#worked += postMs + storing
    clock.after(read.at - began, () => {
      // Receiver and database are measured as one: each is taken for as slow as both.
      const stored = read.isDone ? delivery.database.take(read.at, storing) : read
      const at = stored.isDone ? stored.at + waitMs : stored.at
      if (stored.isDone) clock.after(at - read.at, () => this.#store(delivery))
      answerAt(at, stored.isDone)
    })
  }

  #acknowledged(ms: number): void {
    this.counts.acknowledged++
    this.#acks.push(ms)
    this.#acksOfPoint.push(ms)
  }

  #store(delivery: Delivery): void {
    if (delivery.isStored) {
      this.counts.absorbed++
      return
    }
    delivery.isStored = true
    // Its sender has given it up, and it has come all the same.
    if (delivery.isLost) this.counts.lost -= delivery.events
    this.counts.stored += delivery.events
    this.#waiting.set(delivery.database, (this.#waiting.get(delivery.database) ?? 0) + delivery.events)
    this.noteMost()
    this.#tickOn()
  }

  /** A balancer passes over what is not there. */
  #receiver(now: number): Server | null {
    for (let tries = 0; tries < this.receivers.length; tries++) {
      const receiver = this.receivers[this.#turn++ % this.receivers.length]
      if (receiver?.isUp(now)) return receiver
    }
    return null
  }

  /** What the receivers have left of a second handles what waits in the databases that are there; while anything waits. */
  #tickOn(): void {
    if (this.#isTicking || this.#inDatabases() === 0) return
    this.#isTicking = true
    this.clock.after(TICK_MS, () => {
      this.#isTicking = false
      this.#tick(this.clock.now())
      this.#tickOn()
    })
  }

  #tick(now: number): void {
    const { costs, handlerMs } = this.plan
    const up = this.receivers.filter((one) => one.isUp(now)).length
    const each = Math.max(0.000_1, costs.handleMs - costs.storeMs) + handlerMs
    // Acknowledgements come first, and leave a quarter to handlers at least.
    const left = Math.max(up * TICK_MS * 0.25, up * TICK_MS - this.#worked)
    this.#worked = 0
    let events = Math.floor(left / each)
    for (const database of this.databases) {
      const waiting = this.#waiting.get(database) ?? 0
      const handled = database.isUp(now) ? Math.min(waiting, events) : 0
      events -= handled
      this.#waiting.set(database, waiting - handled)
      this.counts.handled += handled
      if (handled > 0) this.#doneMs = now
    }
  }

  noteMost(): void {
    for (const most of [this.#most, this.#mostOfPoint]) {
      most.atSenders = Math.max(most.atSenders, this.#atSenders())
      most.inDatabases = Math.max(most.inDatabases, this.#inDatabases())
    }
  }

  #point(): void {
    this.clock.after(MINUTE_MS, () => {
      const minute = Math.round(this.clock.now() / MINUTE_MS)
      this.#points.push({ minute, ...this.#mostOfPoint, ackP99: of(this.#acksOfPoint, 0.99) })
      this.#mostOfPoint = { atSenders: this.#atSenders(), inDatabases: this.#inDatabases() }
      this.#acksOfPoint = []
      if (this.clock.now() < this.plan.lookMs) this.#point()
    })
  }

  /** Until something happened last; of each stretch the point where most waited. */
  #shown(): Point[] {
    const end = Math.max(this.plan.sendMs, this.#doneMs) / MINUTE_MS
    const points = this.#points.filter(({ minute }) => minute <= end + 1)
    const size = Math.max(1, Math.ceil(points.length / POINTS))
    const stretches = Array.from({ length: Math.ceil(points.length / size) }, (_, n) =>
      points.slice(n * size, (n + 1) * size),
    )
    return stretches.map((stretch) => ({
      minute: stretch.at(-1)?.minute ?? 0,
      atSenders: Math.max(...stretch.map(({ atSenders }) => atSenders)),
      inDatabases: Math.max(...stretch.map(({ inDatabases }) => inDatabases)),
      ackP99: Math.max(...stretch.map(({ ackP99 }) => ackP99)),
    }))
  }

  /** Gathered, posted and not stored, or to be repeated. */
  #atSenders(): number {
    const { sent, stored, lost } = this.counts
    return sent - stored - lost
  }

  #inDatabases(): number {
    return [...this.#waiting.values()].reduce((sum, events) => sum + events, 0)
  }
}

class Sender {
  readonly #simulation: Simulation
  readonly #manner: Manner
  readonly #perSecond: number
  readonly #random: Random
  readonly #name: string
  /** Those that failed and whose time has come stand before those that were not tried. */
  readonly #again: Delivery[] = []
  readonly #ready: Delivery[] = []
  #posting = 0
  #count = 0

  constructor(simulation: Simulation, manner: Manner, perSecond: number, random: Random, name: string) {
    this.#simulation = simulation
    this.#manner = manner
    this.#perSecond = perSecond
    this.#random = random
    this.#name = name
  }

  start(): void {
    // Senders do not begin together.
    this.#gatherIn(this.#random.next() * this.#manner.flushMs)
  }

  #gatherIn(ms: number): void {
    const { clock, plan, counts } = this.#simulation
    clock.after(ms, () => {
      if (clock.now() > plan.sendMs) return
      const mean = (this.#perSecond * this.#manner.flushMs) / 1_000
      // About as much as in the stretch before: half of it to half as much again.
      let left = Math.round(mean * (0.5 + this.#random.next()))
      counts.sent += left
      this.#simulation.noteMost()
      for (; left > 0; left -= this.#manner.batchEvents) this.#push(Math.min(left, this.#manner.batchEvents))
      this.#work()
      this.#gatherIn(this.#manner.flushMs)
    })
  }

  #push(events: number): void {
    const database = this.#simulation.databaseOf(`${this.#name} ${this.#count++}`)
    this.#ready.push({ events, database, attempts: 0, isStored: false, isLost: false })
  }

  #work(): void {
    while (this.#posting < this.#manner.workers) {
      const delivery = this.#again.shift() ?? this.#ready.shift()
      if (delivery === undefined) return
      this.#posting++
      this.#simulation.post(delivery, this.#manner, (isTaken) => {
        this.#posting--
        if (!isTaken) this.#failed(delivery)
        this.#work()
      })
    }
  }

  #failed(delivery: Delivery): void {
    const delay = this.#manner.delaysMs[delivery.attempts - 1]
    if (delay === undefined) this.#giveUp(delivery)
    else
      this.#simulation.clock.after(delay, () => {
        this.#again.push(delivery)
        this.#work()
      })
  }

  /** What was stored after all is not lost, though the sender thinks so. */
  #giveUp(delivery: Delivery): void {
    delivery.isLost = true
    if (!delivery.isStored) this.#simulation.counts.lost += delivery.events
  }
}

function of(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export const simulate = (plan: Plan): Promise<Outcome> => new Simulation(plan).run()

/** Until what the senders hold is over: the longest any of them repeats. */
export function lookFor({ senders, sendMs }: Pick<Plan, 'senders' | 'sendMs'>): number {
  const longest = Math.max(...senders.map(({ kind }) => MANNERS[kind].delaysMs.reduce((sum, ms) => sum + ms, 0)))
  return sendMs + longest + HOUR_MS
}
