/** Section J, first part: names that mean something to JavaScript, and shapes that cost. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'vitest'
import { MOST_KEYS, MOST_VALUES } from '../../src/json/members.ts'
import { batchOf } from '../../src/testing/batch.ts'
import { type Attack, once, type Row } from './harness/attack.ts'
import { type Bomb, bombs } from './harness/bombs.ts'
import { watchParses } from './harness/parses.ts'
import type { Site } from './harness/site.ts'

/** The one event that a body of one Momentum click became, with these fields beside its own. */
async function clickWith(site: Site, fields: string) {
  const body = `[{"msys":{"track_event":{"type":"click","rcpt_to":"jo@shop.example",${fields}}}}]`
  const { events, quarantined } = await site.digest('shop', body)
  expect(quarantined).toEqual([])
  expect(events).toHaveLength(1)
  return events[0]!
}

/** No prototype has been written to, and nothing made from now on carries anything. */
function nothingPolluted(): void {
  for (const made of [{}, [], () => {}] as object[]) {
    expect('polluted' in made).toBe(false)
    expect(Reflect.get(made, 'polluted')).toBeUndefined()
  }
}

const PROTOS = [
  '"__proto__":{"polluted":1}',
  '"\\u005f\\u005fproto__":{"polluted":1}',
  '"constructor":{"prototype":{"polluted":1}}',
]

const isData = (where: (inner: string) => string) =>
  async function staysData(site: Site) {
    for (const inner of PROTOS) {
      const event = await clickWith(site, where(inner))
      nothingPolluted()
      expect(Object.getPrototypeOf(event.payload)).toBe(Object.prototype)
      expect(Object.getPrototypeOf(event.metadata)).toBe(Object.prototype)
      expect(JSON.stringify(event.payload)).toContain('"polluted":1')
    }
  }

const TRAPS = '"then":"x","toJSON":1,"toString":null,"valueOf":[],"hasOwnProperty":1,"length":-1,"constructor":"x"'

const WORDS = ['__proto__', 'constructor', 'valueOf', 'hasOwnProperty', 'toString', '']

const unknown = (source: string, provider: string, body: (word: string) => string) =>
  async function isUnknown(site: Site) {
    for (const word of WORDS) {
      const { events, quarantined } = await site.digest(source, body(word))
      const names = events.map(({ name }) => name)
      expect(names.length + quarantined.length, word).toBe(1)
      expect(
        names.filter((name) => name !== `${provider}.unknown`),
        word,
      ).toEqual([])
    }
    nothingPolluted()
  }

async function quarantineOf({ receiver }: Site) {
  const { quarantined: count } = await receiver.inbox.stats()
  for await (const newest of receiver.inbox.quarantine()) return { count, newest }
  return { count, newest: null }
}

const defused = ({ make, quarantined }: Bomb) =>
  async function isDefused(site: Site) {
    await watchParses(async (parses) => {
      let [turns, busy] = [0, true]
      const counting = (async () => {
        while (busy) {
          await turn()
          turns++
        }
      })()
      const body = make()
      const [events, before] = [site.events.length, await quarantineOf(site)]
      const answer = await site.send({ body })
      await site.receiver.whenIdle()
      busy = false
      await counting
      expect(answer.status).toBe(200)
      expect(site.events.length).toBe(events)
      const after = await quarantineOf(site)
      expect(after.count - before.count).toBe(quarantined === 'many' ? 10_001 : 1)
      expect(after.newest?.index).toBe(quarantined === 'alone' ? 0 : null)
      expect(parses.crowd()).toBeLessThanOrEqual(MOST_KEYS + MOST_VALUES)
      expect(parses.longest()).toBeLessThan(200_000)
      // A slice of the scan is 256 kB: the loop had its turn at least after every few of them.
      expect(turns).toBeGreaterThan(body.length / (8 << 20))
    })
  }

const nested = (depth: number) => `{"event":"open","a":${'['.repeat(depth)}${']'.repeat(depth)}}`

const rows: readonly Row[] = [
  [
    'J1',
    '`__proto__` and `constructor.prototype`, plain and escaped, in an event',
    'data of the event; no prototype changed',
    isData((inner) => inner),
  ],
  [
    'J1',
    'the same in `rcpt_meta`',
    'data of the event; no prototype changed',
    isData((inner) => `"rcpt_meta":{${inner}}`),
  ],
  [
    'J1',
    'the same in a list in an object',
    'data of the event; no prototype changed',
    isData((inner) => `"other":[{"deep":{${inner}}}]`),
  ],
  [
    'J1',
    '`__proto__` in the place of `msys`, of the class, of the event',
    'quarantined alone, or an unknown event; no prototype changed',
    async (site) => {
      for (const body of [
        '[{"__proto__":{"track_event":{"type":"click","polluted":1}}}]',
        '[{"msys":{"__proto__":{"type":"hovered","polluted":1}}}]',
        '[{"__proto__":{"type":"click"},"msys":{}}]',
        '{"__proto__":{"event":"open","polluted":1}}',
      ]) {
        const { events, quarantined } = await site.digest('shop', body)
        expect(events.length + quarantined.length, body).toBe(1)
        expect(events.filter(({ name }) => name !== 'momentum.unknown')).toEqual([])
      }
      nothingPolluted()
    },
  ],
  [
    'J2',
    '`then`, `toJSON`, `toString`, `valueOf`, `hasOwnProperty`, `length`, `constructor` as fields',
    'handlers get plain data: it can be awaited, printed and cloned',
    async (site) => {
      const event = await clickWith(site, `${TRAPS},"rcpt_meta":{${TRAPS}}`)
      expect(await event.payload).toBe(event.payload)
      expect(await event.metadata).toBe(event.metadata)
      expect(structuredClone(event)).toEqual(event)
      expect(JSON.parse(JSON.stringify(event.metadata))).toEqual(event.metadata)
    },
  ],
  [
    'J3',
    'a Momentum type that is `__proto__`, `constructor`, `valueOf`, empty',
    '`momentum.unknown`',
    unknown('shop', 'momentum', (word) => `[{"msys":{"track_event":{"type":"${word}"}}}]`),
  ],
  [
    'J3',
    'a Momentum class of those names',
    'read by its type alone, known or not; no prototype changed',
    async (site) => {
      await unknown('shop', 'momentum', (word) => `[{"msys":{"${word}":{"type":"hovered"}}}]`)(site)
      for (const word of WORDS) {
        const { events } = await site.digest('shop', `[{"msys":{"${word}":{"type":"click"}}}]`)
        expect(events.map(({ name, nativeType }) => [name, nativeType])).toEqual([['momentum.click', `${word}.click`]])
      }
      nothingPolluted()
    },
  ],
  [
    'J3',
    'a Mailjet event of those names',
    '`mailjet.unknown`',
    unknown('news', 'mailjet', (word) => `{"event":"${word}"}`),
  ],
  [
    'J3',
    'an eSputnik status of those names',
    '`esputnik.unknown`',
    unknown('crm', 'esputnik', (word) => `[{"activityStatus":"${word}"}]`),
  ],
  [
    'J4',
    'an element 33 deep beside two that are not',
    'quarantined alone; the others are handled and keep their places',
    async (site) => {
      const { events, quarantined } = await site.digest('news', `[${nested(1)},${nested(31)},${nested(2)}]`)
      expect(events.map(({ delivery }) => delivery.index)).toEqual([0, 2])
      expect(quarantined).toMatchObject([{ index: 1, reason: 'the element is nested too deeply' }])
    },
  ],
  ...bombs.map(
    (bomb): Row => [
      /deep/.test(bomb.input) ? 'J4' : /keys|key$|integers/.test(bomb.input) ? 'J20' : 'J5',
      bomb.input,
      bomb.quarantined === 'many'
        ? 'element by element in quarantine, 10 000 of them listed; never parsed as one'
        : bomb.quarantined === 'alone'
          ? 'the element in quarantine, unparsed'
          : 'the delivery in quarantine, unparsed',
      defused(bomb),
    ],
  ),
  [
    'J5',
    '10 001 events',
    'an ordinary batch: all are handled',
    async (site) => {
      const { events } = await site.digest('shop', batchOf(10_001))
      expect(events.length).toBe(10_001)
    },
  ],
  [
    'J5',
    'an empty list',
    'a probe: 200, nothing stored',
    async (site) => {
      expect(await site.send({ body: ' [ ] ' })).toMatchObject({ status: 200, body: '{"status":"probe"}' })
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'J5',
    'lists of events inside the list',
    'each in quarantine, the events beside them handled',
    async (site) => {
      const { events, quarantined } = await site.digest(
        'news',
        '[[{"event":"open"}],{"event":"open"},[[{"event":"open"}]]]',
      )
      expect(events).toHaveLength(1)
      expect(quarantined.map(({ index }) => index)).toEqual([0, 2])
    },
  ],
]

export const shapes: readonly Attack[] = once(rows)
