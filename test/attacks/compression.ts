/** Section Z: compression. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { type Attack, once, onHosts, type Row } from './harness/attack.ts'
import { good, openSite, type Site } from './harness/site.ts'

const coded = (
  site: Site,
  coding: string | readonly string[],
  body: Uint8Array | string,
  stored?: Uint8Array | string,
) =>
  site.send({
    source: 'open',
    headers: [coding].flat().map((one) => ['Content-Encoding', one]),
    body,
    ...(stored === undefined ? {} : { stored }),
  })

const refusedAs = (codings: ReadonlyArray<string | readonly string[]>) =>
  async function isRefused(site: Site) {
    for (const coding of codings) {
      const answer = await coded(site, coding, gzipSync(gzipSync(good())))
      expect(answer, String(coding).slice(0, 60)).toMatchObject({ status: 415 })
      expect(JSON.parse(answer.body)).toMatchObject({ error: 'unsupported_coding' })
    }
    expect(await site.stored()).toEqual([])
  }

/** 200, and the bytes of the wire are kept, where no handler sees them. */
const quarantined = (coding: string, make: (text: string) => Uint8Array) =>
  async function isQuarantined(site: Site) {
    const before = site.events.length
    const answer = await coded(site, coding, make(good()))
    expect(answer).toMatchObject({ status: 200 })
    await site.receiver.whenIdle()
    expect(site.events.length).toBe(before)
    const { id } = JSON.parse(answer.body)
    const reasons = []
    for await (const { reason } of site.receiver.inbox.quarantine({ ids: [id] })) reasons.push(reason)
    expect(reasons).toHaveLength(1)
    expect(await site.stored()).toEqual([id])
  }

/** The checksum stands before the length, in the last eight bytes. */
function wrongChecksum(zipped: Buffer): Buffer {
  zipped[zipped.length - 8]! ^= 1
  return zipped
}

const MEMBER = gzipSync(new Uint8Array(1 << 20), { level: 9 })
/** A gibibyte in a megabyte. */
const bomb = () => Buffer.concat(Array.from({ length: 1_024 }, () => MEMBER))

const rows: readonly Row[] = [
  [
    'Z1',
    'none, identity, gzip, x-gzip, GZIP, deflate with and without its zlib header',
    '200, stored as it was before it was coded',
    async (site) => {
      for (const [coding, code] of [
        ['identity', Buffer.from],
        ['', Buffer.from],
        ['gzip', gzipSync],
        ['x-gzip', gzipSync],
        ['GZIP', gzipSync],
        ['deflate', deflateSync],
        ['deflate', deflateRawSync],
      ] as const) {
        const text = good()
        const answer = await coded(site, coding, code(text), text)
        expect(answer.status, coding).toBe(200)
        const { id } = JSON.parse(answer.body)
        expect(await site.stored()).toEqual([id])
      }
    },
  ],
  [
    'Z1',
    'br, zstd, compress, base64, aes128gcm, *',
    '415, nothing stored',
    refusedAs(['br', 'zstd', 'compress', 'base64', 'aes128gcm', '*']),
  ],
  [
    'Z2',
    '1 GiB of zeros as 1 024 gzip members, 1 MB on the wire',
    '413, nothing stored',
    async (site) => {
      expect((await coded(site, 'gzip', bomb())).status).toBe(413)
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'Z3',
    '`gzip, gzip`, `gzip;q=1`, `identity, gzip`, two headers, fifty layers',
    '415, nothing stored',
    refusedAs([
      'gzip, gzip',
      'gzip;q=1',
      'identity, gzip',
      'gzip,',
      ['gzip', 'gzip'],
      ['identity', 'gzip'],
      Array(50).fill('gzip').join(', '),
    ]),
  ],
  [
    'Z4',
    'gzip cut off',
    '200, quarantined with its bytes',
    quarantined('gzip', (text) => gzipSync(text).subarray(0, -3)),
  ],
  [
    'Z4',
    'gzip with a wrong checksum',
    '200, quarantined with its bytes',
    quarantined('gzip', (text) => wrongChecksum(gzipSync(text))),
  ],
  [
    'Z4',
    'gzip with junk behind it',
    '200, quarantined with its bytes',
    quarantined('gzip', (text) => Buffer.concat([gzipSync(text), Buffer.from('junk')])),
  ],
  [
    'Z4',
    'deflate with junk behind it',
    '200, quarantined with its bytes',
    quarantined('deflate', (text) => Buffer.concat([deflateSync(text), Buffer.from('junk')])),
  ],
  [
    'Z4',
    'two gzip members',
    '200, joined',
    async (site) => {
      const text = good()
      const members = Buffer.concat([gzipSync(text.slice(0, 20)), gzipSync(text.slice(20))])
      expect((await coded(site, 'gzip', members, text)).status).toBe(200)
      expect(await site.stored()).toHaveLength(1)
    },
  ],
  [
    'Z5',
    'the header says gzip, the body is JSON',
    '200, quarantined with its bytes',
    quarantined('gzip', (text) => Buffer.from(text)),
  ],
  [
    'Z5',
    'the body is gzip, the header says nothing',
    '200, quarantined with its bytes: nothing is guessed',
    quarantined('identity', (text) => gzipSync(text)),
  ],
  [
    'Z5',
    'the header says gzip, the body is br',
    '200, quarantined with its bytes',
    quarantined('gzip', (text) => brotliCompressSync(text)),
  ],
  [
    'Z7',
    'decoded, exactly the limit; one byte more',
    '200; 413',
    async (site) => {
      const [fits, over] = [1_000, 1_001].map((size) => good().padEnd(size))
      const send = (text: string) =>
        site.send({ source: 'small', headers: [['Content-Encoding', 'gzip']], body: gzipSync(text), stored: text })
      expect([(await send(fits!)).status, (await send(over!)).status]).toEqual([200, 413])
      expect(await site.stored()).toHaveLength(1)
    },
  ],
]

const coreRows: readonly Row[] = [
  [
    'Z2',
    'forty bodies at once, 2 kB each, that decode to 2 MiB, where 8 MiB have room',
    '503 to those without room; never more in memory than there is room for',
    async ({ host }) => {
      const site = await openSite(host, { limits: { inFlightBytes: 8 << 20 } })
      const statuses = await Promise.all(
        Array.from({ length: 40 }, async (_, n) => {
          const text = `[${n}]`.padEnd(2 << 20)
          return (await coded(site, 'gzip', gzipSync(text), text)).status
        }),
      )
      expect(new Set(statuses)).toEqual(new Set([200, 503]))
      await site.stands()
      await site.close()
    },
  ],
  [
    'Z6',
    '500 small gzip bodies at once, half of them without a credential, some cut off',
    'answered; none is decoded without a credential, and no decoder is left over',
    async (site) => {
      const decoders = () => process.getActiveResourcesInfo().filter((name) => /zlib/i.test(name)).length
      const before = decoders()
      await Promise.all(
        Array.from({ length: 500 }, async (_, n) => {
          const text = good()
          const zipped = gzipSync(text)
          const body = n % 5 === 0 ? zipped.subarray(0, -4) : zipped
          const headers = [['Content-Encoding', 'gzip']] as const
          const post = { body, stored: n % 5 === 0 ? body : text, headers, credentials: n % 2 === 0 }
          expect((await site.send(post)).status).toBe(n % 2 === 0 ? 200 : 401)
        }),
      )
      await site.receiver.whenIdle()
      expect(decoders()).toBe(before)
    },
  ],
]

export const compression: readonly Attack[] = [...onHosts(rows), ...once(coreRows)]
