/** Bodies cut off at every byte, and bytes flipped from a seed: nothing crashes, and nothing is half believed. */
import { expect } from 'vitest'
import type { AnyEvent } from '../../src/types.ts'
import { between, newSeed, type Random, seeded } from '../faults/harness/random.ts'
import { rounds } from '../faults/harness/tools.ts'
import { type Attack, once, type Row } from './harness/attack.ts'
import { batches, PROVIDERS, published, singles } from './harness/corpus.ts'
import { flipped, type Read, read } from './harness/fuzz.ts'
import { good, openSite, SECRET, type Site, TOKEN } from './harness/site.ts'

const seed = newSeed()

const ROUNDS = rounds(10_000, 20_000, 100_000)

function isEvent(found: AnyEvent | string): found is AnyEvent {
  return typeof found !== 'string'
}

const pick = <T>(list: readonly T[], random: Random): T => list[between(random, 0, list.length - 1)]!

/** What handlers would get can be dated, printed and told apart. */
function expectSound({ elements }: Read, about: string): void {
  const events = elements.filter(isEvent)
  for (const event of events) {
    expect(Number.isFinite(event.occurredAt.getTime()), about).toBe(true)
    expect(JSON.stringify(event), about).toBeTypeOf('string')
    expect(event.name.startsWith(`${event.provider}.`), about).toBe(true)
    if (event.effect !== 'none') expect(event.email, about).toBeTypeOf('string')
  }
  expect(new Set(events.map(({ id }) => id)).size, about).toBe(events.length)
  expect(elements, about).not.toContain('elements were lost')
}

const rows: readonly Row[] = [
  [
    'J16',
    `${singles.length} own bodies, one for every event of every sender, cut off at every byte`,
    'never a part of it: each is unreadable whole',
    async () => {
      for (const { sender, name, text } of singles) {
        const bytes = Buffer.from(text)
        for (let end = 0; end < bytes.length; end++) {
          const { failure } = await read(PROVIDERS[sender], bytes.subarray(0, end))
          expect(failure, `${name} cut off at ${end}`).not.toBeNull()
        }
      }
    },
  ],
  [
    'J16',
    'the published sample bodies, where there are any, cut off at 200 places each',
    'never a part of it: each is unreadable whole',
    async () => {
      for (const { sender, name, text } of published) {
        const bytes = Buffer.from(text.trim())
        const step = Math.max(1, Math.floor(bytes.length / 200))
        for (let end = 0; end < bytes.length; end += step) {
          const { failure } = await read(PROVIDERS[sender], bytes.subarray(0, end))
          expect(failure, `${name} cut off at ${end}`).not.toBeNull()
        }
      }
    },
    published.length === 0,
  ],
  [
    'J16',
    '10 000 bodies with bytes flipped, taken out and doubled, from a seed; 100 000 in the long run',
    'read, or in quarantine: no exception, no element lost, no event without a date',
    async () => {
      const random = seeded(seed)
      const corpus = [...singles, ...batches, ...published.filter(({ text }) => text.length < 20_000)]
      let [readable, whole] = [0, 0]
      for (let round = 0; round < ROUNDS; round++) {
        const { sender, name, text } = pick(corpus, random)
        const about = `POSTHORN_SEED=${seed}, round ${round}, ${sender} ${name}`
        const body = flipped(Buffer.from(text), random)
        const result = await read(PROVIDERS[sender], body).catch((cause: unknown) => {
          throw new Error(about, { cause })
        })
        expectSound(result, about)
        if (result.failure === null) readable += result.elements.filter(isEvent).length
        else whole++
      }
      // Otherwise nothing was tried.
      expect([readable > ROUNDS / 20, whole > ROUNDS / 20]).toEqual([true, true])
    },
  ],
  [
    'J16',
    '300 such bodies over HTTP',
    '200 each, and the bytes stored as they were sent',
    async (site) => {
      const random = seeded(seed)
      const sources = { momentum: 'shop', mailjet: 'news', esputnik: 'crm' } as const
      for (let round = 0; round < 300; round++) {
        const { sender, text } = pick(singles, random)
        const body = flipped(Buffer.from(text), random)
        const answer = await site.send({ source: sources[sender], body })
        expect(answer.status, `POSTHORN_SEED=${seed}, round ${round}`).toBe(200)
      }
      await site.receiver.whenIdle()
      expect((await site.stored()).length).toBeGreaterThan(200)
    },
  ],
  [
    'A23',
    '300 whole requests with flipped bytes, headers and all',
    'any answer or none; what is stored is what came over the wire',
    async ({ host }) => {
      const site = await openSite(host)
      const random = seeded(seed + 1)
      const sent: Buffer[] = []
      for (let round = 0; round < 300; round++) {
        sent.push(flipped(request(), random))
        await site.raw(sent.at(-1)!, { end: true })
      }
      await site.receiver.whenIdle()
      expect(await bodiesOf(site, sent)).toBeGreaterThan(0)
      await site.close()
    },
  ],
]

function request(): Buffer {
  const body = good()
  const head = `Host: localhost\r\n${TOKEN}: ${SECRET}\r\nContent-Length: ${body.length}\r\nConnection: close`
  return Buffer.from(`POST /webhooks/shop HTTP/1.1\r\n${head}\r\n\r\n${body}`)
}

/** How many deliveries there are; each holds bytes that some request held. */
async function bodiesOf({ receiver }: Site, sent: readonly Buffer[]): Promise<number> {
  let count = 0
  for await (const { id } of receiver.inbox.deliveries()) {
    const body = Buffer.from(await (await receiver.inbox.delivery(id))!.body())
    expect(
      sent.some((bytes) => bytes.includes(body)),
      `POSTHORN_SEED=${seed}`,
    ).toBe(true)
    count++
  }
  return count
}

export const fuzz: readonly Attack[] = once(rows)
