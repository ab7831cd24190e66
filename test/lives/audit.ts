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
  /** The clock leapt: for how long copies are known went by it, so that a crash may have had a copy judged twice. */
  readonly leapt: boolean
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
  const owned = new Set(events.flatMap(({ element, event }) => (isWhole(event) ? (element?.id ?? []) : [])))
  const isCopy = ({ element, event }: (typeof events)[number]) =>
    element?.id !== undefined && (ends(event).length === 0 || (known.leapt && owned.has(element.id)))
  const open = events.filter((one) => !isUnknown(one) && !isWhole(one.event))
  const partial = open.filter((one) => !isCopy(one))
  const faults = partial.map(
    ({ event, element }) => `${event} (n ${element?.n}) ends with ${ends(event).join() || 'nobody'}`,
  )
  const [absorbed, counted] = [open.length - partial.length, stats.duplicateEvents.shop ?? 0]
  if (absorbed > counted || counted > absorbed + events.filter(isUnknown).length)
    faults.push(`${absorbed} were absorbed, ${counted} are counted`)
  return some(faults)
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
  for (const { seq, id, batchId, sha256 } of (await inbox.deliveries(all)).toReversed()) {
    const body = Buffer.from((await inbox.delivery(id))?.body ?? new Uint8Array()).toString()
    const hash = Buffer.from(sha256).toString('hex')
    deliveries.push({ seq, id, batch: batchId, sha256: hash, body, elements: elementsOf(body) })
  }
  const letters = await inbox.deadLetters(all)
  const items = await inbox.quarantine(all)
  return {
    stats: await inbox.stats(),
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
