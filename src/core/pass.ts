/**
 * One claim, from stored bytes to its settlement: scan → slices → provider → handlers. Replay, recovery after a crash
 * and tests come through here too.
 */
import { type Scan, Scanner } from '../lib/scan.ts'
import { elementBytes, parseElements, sliceEnd } from '../lib/slices.ts'
import type { AnyEvent } from '../types.ts'
import type { Outcome } from './attempt.ts'
import type { Runner } from './dispatch.ts'
import { type DeliveryFacts, deliveryFacts, toEvent } from './event.ts'
import type { HandlerSpec, Registry } from './handlers.ts'
import { type End, Item, Lane, type Verdicts } from './lane.ts'
import type { Pacer } from './pacer.ts'
import type { Claim, Clock, NewDeadLetter, NewQuarantine, NewWorkRow, Provider, Settlement, WorkRow } from './ports.ts'

export interface PassParts {
  readonly registry: Registry
  readonly runners: ReadonlyMap<string, Runner>
  readonly pacer: Pacer
  readonly clock: Clock
  random(): number
  provider(source: string): Provider | undefined
  /** Told of every failed attempt that will be repeated. */
  failed(event: AnyEvent, handler: string, attempt: number, error: unknown, retryAt: number): void
}

/** What a pass leaves: the settlement, and the dead events for whoever is told once it is stored. */
export interface PassResult {
  readonly settlement: Settlement
  readonly dead: ReadonlyArray<{ readonly event: AnyEvent; readonly letter: NewDeadLetter }>
  readonly returned: number
}

const SCAN_BYTES = 256 << 10
const SLICE_BYTES = 128 << 10

export async function runPass(parts: PassParts, claim: Claim): Promise<PassResult> {
  const pass = new Pass(parts, claim)
  return pass.run()
}

class Pass implements Verdicts {
  readonly jitter: number
  readonly #parts: PassParts
  readonly #claim: Claim
  readonly #lanes = new Map<string, Lane>()
  readonly #quarantined: NewQuarantine[] = []
  readonly #unhandled: Record<string, number> = {}
  readonly #dead: { event: AnyEvent; letter: NewDeadLetter }[] = []
  /** Handlers of the recorded set that this process does not have. */
  readonly #absent: readonly string[]
  readonly #window: number
  #outstanding = 0
  #wake: () => void = () => {}

  constructor(parts: PassParts, claim: Claim) {
    this.#parts = parts
    this.#claim = claim
    this.jitter = 0.9 + parts.random() * 0.2
    const names = claim.rows === null ? claim.handlers : claim.rows.map((row) => row.handler)
    for (const name of new Set(names)) {
      const runner = parts.runners.get(name)
      if (runner !== undefined) this.#lanes.set(name, new Lane(runner))
    }
    this.#absent = claim.rows === null ? claim.handlers.filter((name) => !this.#lanes.has(name)) : []
    this.#window = 256 + 2 * Math.max(1, ...[...this.#lanes.values()].map((lane) => lane.spec.size))
  }

  now(): number {
    return this.#parts.clock.now()
  }

  async run(): Promise<PassResult> {
    const { delivery, rows } = this.#claim
    const provider = this.#parts.provider(delivery.source)
    const scan = await this.#scan(provider)
    if (typeof scan === 'string' || provider === undefined) return this.#unreadable(String(scan))
    const facts = deliveryFacts(provider.name, delivery, scan.count)
    if (rows === null) await this.#range(scan, provider, facts, 0, scan.count - 1, null)
    else for (const row of rows) await this.#range(scan, provider, facts, row.first, row.last, row)
    await this.#below(1)
    return this.#result(scan)
  }

  async #scan(provider: Provider | undefined): Promise<Scan | string> {
    const { body, source, undecoded } = this.#claim.delivery
    if (provider === undefined) return `there is no source "${source}" any more`
    if (undecoded !== null) return `the body is not ${undecoded}, as its content-encoding says`
    const scanner = new Scanner(body)
    while (!scanner.advance(SCAN_BYTES)) if (this.#parts.pacer.spent()) await this.#parts.pacer.breathe()
    const result = scanner.result()
    return 'failure' in result ? result.failure : result
  }

  /** Elements `first` to `last`, both inclusive, for all handlers of the pass or for that of the row. */
  async #range(scan: Scan, provider: Provider, facts: DeliveryFacts, first: number, last: number, row: WorkRow | null) {
    const end = Math.min(last + 1, scan.count)
    for (let from = first; from < end; ) {
      const to = scan.deep.has(from) ? from + 1 : Math.min(sliceEnd(scan, from, SLICE_BYTES), end)
      const elements = this.#parse(scan, from, to)
      for (let index = from; index < to; index++) {
        const element = elements[index - from]
        if (element !== BROKEN) this.#element(provider, facts, element, index, row)
        if (this.#parts.pacer.spent()) await this.#parts.pacer.breathe()
        if (this.#outstanding >= this.#window) await this.#below(this.#window)
      }
      from = to
    }
  }

  /** A slice that does not parse is parsed one by one: the broken element is quarantined alone. */
  #parse(scan: Scan, from: number, to: number): unknown[] {
    const { body } = this.#claim.delivery
    if (scan.deep.has(from)) return [this.#broken(from, 'the element is nested too deeply')]
    try {
      return parseElements(body, scan, from, to)
    } catch {
      if (to - from === 1) return [this.#broken(from, 'the element is not JSON')]
      return Array.from({ length: to - from }, (_, i) => this.#parse(scan, from + i, from + i + 1)[0])
    }
  }

  #broken(index: number, reason: string, path: string | null = null): typeof BROKEN {
    this.#quarantined.push({ index, reason, path, at: this.now() })
    return BROKEN
  }

  #element(provider: Provider, facts: DeliveryFacts, element: unknown, index: number, row: WorkRow | null): void {
    const reading = readSafely(provider, element)
    if ('unreadable' in reading) return void this.#broken(index, reading.unreadable, reading.path)
    const event = toEvent(facts, reading, index)
    const matched = this.#parts.registry.match(event)
    if (row !== null) {
      const lane = this.#lanes.get(row.handler)
      if (lane !== undefined && matched.includes(lane.spec)) this.#take(lane, event, index, row)
      return
    }
    let asked = this.#absent.length > 0
    for (const spec of matched) {
      const lane = this.#lanes.get(spec.name)
      if (lane === undefined) continue
      asked = true
      this.#take(lane, event, index, null)
    }
    if (!asked) this.#unhandled[event.name] = (this.#unhandled[event.name] ?? 0) + 1
  }

  #take(lane: Lane, event: AnyEvent, index: number, row: WorkRow | null): void {
    this.#outstanding++
    const item = new Item(index, row?.attempts ?? 0, row?.errors ?? [])
    lane.take(item, event, this, (end, outcome) => this.#ended(lane.spec, event, index, end, outcome))
  }

  #ended(spec: HandlerSpec, event: AnyEvent, index: number, end: End, outcome: Outcome): void {
    this.#outstanding--
    this.#wake()
    if (end.kind === 'retry' && outcome.end === 'failed')
      this.#parts.failed(event, spec.name, end.attempts, outcome.error, end.dueAt)
    if (end.kind !== 'dead') return
    const { attempts, errors } = end
    const letter = {
      handler: spec.name,
      index,
      attempts,
      errors,
      at: this.now(),
      element: NO_BYTES,
      size: event.delivery.size,
    }
    this.#dead.push({ event, letter })
  }

  /** Waits until fewer than `count` events are with their handlers. */
  async #below(count: number): Promise<void> {
    while (this.#outstanding >= count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }

  #unreadable(reason: string): PassResult {
    const quarantined = [{ index: null, reason, path: null, at: this.now() }]
    return { settlement: { ...this.#settlement(), quarantined }, dead: [], returned: 0 }
  }

  #settlement(): Settlement {
    const { delivery, rows } = this.#claim
    const endedRows = (rows ?? []).map((row) => row.id)
    const firstPass = rows === null
    return { seq: delivery.seq, firstPass, events: null, endedRows, rows: [], dead: [], quarantined: [], unhandled: {} }
  }

  #result(scan: Scan): PassResult {
    const { delivery } = this.#claim
    const now = this.now()
    const rows: NewWorkRow[] = [...this.#lanes.values()].flatMap((lane) => lane.rows(now))
    for (const handler of scan.count > 0 ? this.#absent : [])
      rows.push({ handler, first: 0, last: scan.count - 1, attempts: 0, dueAt: now, errors: [] })
    const dead = this.#dead.map(({ event, letter }) => {
      const element = elementBytes(delivery.body, scan, letter.index).slice()
      return { event, letter: { ...letter, element } }
    })
    const settlement: Settlement = {
      ...this.#settlement(),
      events: this.#claim.rows === null ? scan.count : null,
      rows,
      dead: dead.map(({ letter }) => letter),
      quarantined: this.#quarantined,
      unhandled: this.#unhandled,
    }
    return { settlement, dead, returned: this.#returned() }
  }

  #returned(): number {
    const items = [...this.#lanes.values()].flatMap((lane) => lane.items)
    return items.filter((item) => item.end?.kind === 'returned').length
  }
}

const BROKEN: unique symbol = Symbol('broken')
const NO_BYTES = new Uint8Array()

/** Providers do not throw; if one does all the same, its element waits in quarantine for the mended version. */
function readSafely(provider: Provider, element: unknown) {
  try {
    return provider.read(element)
  } catch {
    return { unreadable: 'Posthorn failed to read the element: please report this', path: null }
  }
}
