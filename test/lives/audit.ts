/**
 * A life seen from outside, at its end: what the senders know, what the handlers did, and what the file says must agree.
 * Opens a copy of the file as its next owner would.
 */
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { port } from '../../src/lib/symbols.ts'
import type { InboxPort } from '../../src/ports/inbox/index.ts'
import type { StoredStats } from '../../src/ports/inbox/records.ts'
import type { Effect } from '../faults/harness/effects.ts'
import { HANDLERS, type HandlerName } from '../faults/harness/lives.ts'
import { newFolder, type Site } from '../faults/harness/site.ts'

export interface Replayed {
  readonly run: string
  readonly queued: number
}

/** What the life knows beside its ledger. */
export interface Known {
  readonly replays: readonly Replayed[]
  readonly erased: readonly string[]
  /** Those too whose erasure was not told of, since it was cut short. */
  readonly touched: readonly string[]
  /** Of processes that were killed, or that had failing syncs: what they did and did not save is judged again. */
  readonly cut: readonly Effects[]
}

/** Which effects, by their numbers. */
export interface Effects {
  readonly from: number
  /** The one after the last. */
  readonly to: number
}

interface Element {
  readonly n: number
  readonly key?: string
  readonly to?: string
  readonly id?: string
}

interface Stored {
  readonly seq: number
  readonly id: string
  readonly batch: string | null
  readonly sha256: string
  readonly body: string
  readonly elements: ReadonlyArray<Element | null>
}

interface Contents {
  readonly stats: StoredStats
  readonly deliveries: readonly Stored[]
  /** `handler id.index`, of the first run, and of each replay with its run before. */
  readonly dead: ReadonlySet<string>
  readonly letters: number
  /** Of elements, and of whole deliveries. */
  readonly quarantined: ReadonlySet<string>
  readonly items: number
}

export async function auditLife(site: Site, known: Known): Promise<string[]> {
  const contents = await readContents(site)
  const effects = site.effects()
  return [
    ...checkAcknowledged(site, contents),
    ...checkStats(contents),
    ...checkEnds(contents, effects, known),
    ...checkOrder(contents, effects),
    ...checkReplays(contents, effects, known),
    ...checkErased(contents, known),
  ]
}

function checkAcknowledged(site: Site, { deliveries }: Contents): string[] {
  const stored = new Map(deliveries.map((one) => [one.id, one]))
  const lost = site.ledger.acknowledged.flatMap(({ batch, sha256, acknowledged }) =>
    acknowledged.flatMap((id) => {
      const one = stored.get(id)
      return one?.batch === batch && one.sha256 === sha256 ? [] : [`${batch} was acknowledged and is not stored so`]
    }),
  )
  return some(lost)
}

function checkStats({ stats, letters, items }: Contents): string[] {
  const { pending, deadLetters, quarantined, orphaned, replays, paused } = stats
  const counted = { pending, deadLetters, quarantined, orphaned, replays, paused }
  const expected = { pending: 0, deadLetters: letters, quarantined: items, orphaned: {}, replays: {}, paused: [] }
  return JSON.stringify(counted) === JSON.stringify(expected)
    ? []
    : [`the numbers are ${JSON.stringify(counted)}, not ${JSON.stringify(expected)}`]
}

/** Every event has an end with every handler, or is a copy and has one with none. */
function checkEnds(contents: Contents, effects: readonly Effect[], known: Known): string[] {
  const { deliveries, dead, quarantined, stats } = contents
  const handled = new Set(effects.filter(({ run }) => run === null).map(({ handler, id }) => `${handler} ${id}`))
  const ends = (event: string) =>
    HANDLERS.filter((name) => handled.has(`${name} ${event}`) || dead.has(`${name} ${event}`))
  const isWhole = (event: string) => ends(event).length === HANDLERS.length
  const events = deliveries.flatMap(({ id, elements }) =>
    elements.map((element, index) => ({ id, index, element, event: `${id}.${index}` })),
  )
  const isUnknown = ({ id, index, element }: (typeof events)[number]) =>
    element === null || known.touched.includes(element.to ?? '') || isIn(quarantined, id, index)
  const owners = countBy(events.flatMap(({ element, event }) => (isWhole(event) ? (element?.id ?? []) : [])))
  const mayBeJudgedAgain = judgedAgain(contents, effects, known)
  const mayBeCopy = ({ element, event }: (typeof events)[number]) => {
    const others = (owners.get(element?.id ?? '') ?? 0) - Number(isWhole(event))
    return element?.id !== undefined && (ends(event).length === 0 || (others > 0 && mayBeJudgedAgain(event)))
  }
  const told = events.filter((one) => !isUnknown(one))
  const partial = told.filter((one) => !isWhole(one.event) && !mayBeCopy(one))
  const faults = partial.map(
    ({ event, element }) => `${event} (n ${element?.n}) ends with ${ends(event).join() || 'nobody'}`,
  )
  const absorbed = told.filter((one) => !isWhole(one.event) && mayBeCopy(one)).length
  const perhaps = events.filter((one) => isUnknown(one) || (isWhole(one.event) && mayBeCopy(one))).length
  const counted = stats.duplicateEvents.shop ?? 0
  if (absorbed > counted || counted > absorbed + perhaps)
    faults.push(`${absorbed} were absorbed, ${counted} are counted`)
  return some(faults)
}

/** Whether all that was done with an event was done by processes that may not have saved it: then it may be a copy since. */
function judgedAgain({ dead }: Contents, effects: readonly Effect[], { cut }: Known): (event: string) => boolean {
  const isCut = (at: number) => cut.some(({ from, to }) => from <= at && at < to)
  const kept = new Set(effects.flatMap(({ id, run }, at) => (run !== null || isCut(at) ? [] : id)))
  return (event) => !kept.has(event) && !HANDLERS.some((name) => dead.has(`${name} ${event}`))
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** The first calls that went through are in the order of the log, key by key. */
function checkOrder({ deliveries, dead, quarantined }: Contents, effects: readonly Effect[]): string[] {
  const places = new Map<string, { readonly key: string; readonly at: number }>()
  for (const { seq, id, elements } of deliveries)
    for (const [index, element] of elements.entries())
      if (element?.key !== undefined && !isIn(quarantined, id, index))
        places.set(`${id}.${index}`, { key: element.key, at: seq * 10_000 + index })
  return some([...late('kept', places, dead, effects), ...late('moved', places, dead, effects)])
}

function late(
  name: HandlerName,
  places: ReadonlyMap<string, { readonly key: string; readonly at: number }>,
  dead: ReadonlySet<string>,
  effects: readonly Effect[],
): string[] {
  const latest = new Map<string, number>()
  const seen = new Set<string>()
  return effects.flatMap(({ id, run, handler }) => {
    const place = places.get(id)
    if (place === undefined || run !== null || handler !== name || seen.has(id) || dead.has(`${name} ${id}`)) return []
    seen.add(id)
    const before = latest.get(place.key) ?? 0
    latest.set(place.key, Math.max(before, place.at))
    return place.at < before ? [`${id} of key ${place.key} came late to ${name}`] : []
  })
}

/** More elements name nobody who is erased. */
const ELEMENTS_OF_ONE = 50

/** Each event that was queued came to every handler, or died, or is in quarantine. */
function checkReplays(
  { dead, quarantined }: Contents,
  effects: readonly Effect[],
  { replays, touched }: Known,
): string[] {
  return some(
    replays.flatMap(({ run, queued }) =>
      HANDLERS.flatMap((name) => {
        const handed = new Set(effects.filter((one) => one.run === run && one.handler === name).map(({ id }) => id))
        const died = [...dead].filter((one) => one.startsWith(`${run} ${name} `)).length
        const lacking = queued - handed.size - died
        // What was erased or went to quarantine since cannot be told apart here.
        return lacking <= quarantined.size + ELEMENTS_OF_ONE * touched.length
          ? []
          : [`replay ${run} left out ${lacking} of ${queued} for ${name}`]
      }),
    ),
  )
}

function checkErased({ deliveries }: Contents, { erased }: Known): string[] {
  return some(
    erased.flatMap((email) =>
      deliveries.filter(({ body }) => body.includes(email)).map(({ id }) => `${email} is in ${id}`),
    ),
  )
}

const isIn = (quarantined: ReadonlySet<string>, id: string, index: number) =>
  quarantined.has(id) || quarantined.has(`${id}.${index}`)

const some = (faults: readonly string[]): string[] =>
  faults.length > 4 ? [...faults.slice(0, 4), `and ${faults.length - 4} more like it`] : [...faults]

async function readContents(site: Site): Promise<Contents> {
  const copy = join(newFolder(), 'inbox.db')
  for (const end of ['', '-wal']) if (existsSync(site.path + end)) copyFileSync(site.path + end, copy + end)
  const inbox = sqlite({ path: copy, minFreeBytes: 0 })[port]
  const logger = { info() {}, warn() {}, error() {} }
  const clock = { now: () => Date.now(), steady: () => performance.now(), after: () => () => {} }
  await inbox.open({ handlers: [], logger, clock, role: 'owner', onRedelivery: 'record' })
  try {
    return await readAll(inbox)
  } finally {
    await inbox.close()
  }
}

async function readAll(inbox: InboxPort): Promise<Contents> {
  const all = { before: null, limit: 1_000_000 }
  const deliveries: Stored[] = []
  for (const { seq, id, batchId, sha256 } of (await inbox.records.list('deliveries', all)).toReversed()) {
    const body = Buffer.from((await inbox.records.delivery(id))?.body ?? new Uint8Array()).toString()
    const hash = Buffer.from(sha256).toString('hex')
    deliveries.push({ seq, id, batch: batchId, sha256: hash, body, elements: elementsOf(body) })
  }
  const letters = await inbox.records.list('deadLetters', all)
  const items = await inbox.records.list('quarantine', all)
  return {
    stats: await inbox.records.stats(),
    deliveries,
    dead: new Set(
      letters.map(({ run, handler, delivery, index }) => deadName(run, handler, `${delivery.id}.${index}`)),
    ),
    letters: letters.length,
    quarantined: new Set(
      items.map(({ deliveryId, index }) => (index === null ? deliveryId : `${deliveryId}.${index}`)),
    ),
    items: items.length,
  }
}

function deadName(run: string | null, handler: string, event: string): string {
  const name = handler.startsWith('moved') ? 'moved' : handler
  return run === null ? `${name} ${event}` : `${run} ${name} ${event}`
}

/** null: erased. */
function elementsOf(body: string): (Element | null)[] {
  const parsed: unknown = body === '' ? [] : JSON.parse(body)
  const isElement = (one: unknown): one is Element => typeof one === 'object' && one !== null && 'n' in one
  return Array.isArray(parsed) ? parsed.map((one) => (isElement(one) ? one : null)) : []
}
