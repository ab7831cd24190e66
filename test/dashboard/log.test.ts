/** `view=log`: the log of an inbox for whoever follows it from elsewhere. */
import { afterEach, describe, expect, it } from 'vitest'
import type { LoggedDelivery } from '../../src/dashboard/log-view.ts'
import { redactedBody } from '../../src/dashboard/redact.ts'
import { Seals } from '../../src/dashboard/seal.ts'
import { Asking, endAll, gathered, receiving } from './kit.ts'

afterEach(endAll)

const bytes = { access: { who: 'jo', bytes: true } }
const masked = { access: { who: 'jo' } }

async function asking() {
  const { receiver } = await receiving()
  await receiver.start()
  const board = new Asking(receiver)
  const inject = async (...to: string[]) => {
    for (const one of to) await receiver.inject('shop', `[{"type":"ping","to":"${one}","n":19421777835146491}]`)
    await receiver.whenIdle()
  }
  async function lines(query: string, asked = bytes as object): Promise<LoggedDelivery[]> {
    const answer = await board.ask(`view=log&as=ndjson&${query}`, asked)
    expect(answer.status).toBe(200)
    const texts = await gathered(answer.body as AsyncIterable<string>)
    return texts.map((text) => {
      expect(text.endsWith('\n')).toBe(true)
      return JSON.parse(text)
    })
  }
  return { receiver, board, inject, lines }
}

const bodyOf = ({ body }: LoggedDelivery) => Buffer.from(body, 'base64').toString()

it('gives deliveries in their order, with their bytes, from a place on', async () => {
  const { inject, lines, board } = await asking()
  await inject('a@shop.example', 'b@shop.example', 'c@shop.example')
  const all = await lines('after=0')
  expect(all.map(({ seq, source, kept, redacted }) => [seq, source, kept, redacted])).toEqual(
    [1, 2, 3].map((seq) => [seq, 'shop', 'all', false]),
  )
  expect(bodyOf(all[1] as LoggedDelivery)).toBe('[{"type":"ping","to":"b@shop.example","n":19421777835146491}]')
  expect((await lines('after=2')).map(({ seq }) => seq)).toEqual([3])
  expect((await lines('after=0&limit=2')).map(({ seq }) => seq)).toEqual([1, 2])
  expect(await lines('after=3')).toEqual([])
  expect((await board.json('view=log', bytes)).json.data).toEqual({ lastSeq: 3 })
})

it('asks for the right to bytes, or for stand-ins', async () => {
  const { inject, lines, board } = await asking()
  await inject('Jo@shop.example', 'al@shop.example', 'jo@shop.example')
  expect((await board.ask('view=log&as=ndjson', masked)).status).toBe(403)
  const [first, second, third] = await lines('redact=1', masked)
  const standIn = (line?: LoggedDelivery) => JSON.parse(bodyOf(line as LoggedDelivery))[0].to
  expect(standIn(first)).toMatch(/^u-[a-z2-7]{10}@example\.invalid$/)
  expect(standIn(third)).toBe(standIn(first))
  expect(standIn(second)).not.toBe(standIn(first))
  expect(first?.redacted).toBe(true)
})

it('waits for what is to come, and ends at once when the receiver closes or the reader leaves', async () => {
  const { inject, lines, receiver, board } = await asking()
  const waiting = lines('after=0&wait=30')
  await inject('a@shop.example')
  expect((await waiting).map(({ seq }) => seq)).toEqual([1])
  const left = new AbortController()
  const query = 'view=log&as=ndjson&after=1&wait=30'
  const gone = gathered((await board.ask(query, { ...bytes, signal: left.signal })).body as AsyncIterable<string>)
  left.abort()
  expect(await gone).toEqual([])
  const closing = (await board.ask(query, bytes)).body as AsyncIterable<string>
  const ended = gathered(closing)
  await receiver.close()
  expect(await ended).toEqual([])
})

it.each(['after=-1', 'after=x', 'wait=31', 'wait=1e9', 'limit=1001'])('answers 400 to %s', async (query) => {
  const { board } = await asking()
  expect((await board.ask(`view=log&as=ndjson&${query}`, bytes)).status).toBe(400)
})

describe('stand-ins', () => {
  const seals = new Seals(Buffer.alloc(32, 1))
  const redacted = (text: string) =>
    Buffer.from(redactedBody(Buffer.from(text), (address) => seals.standIn(address))).toString()
  const jo = seals.standIn('jo@shop.example')

  it('stand for addresses wherever they are written, and leave every other byte', () => {
    const texts: [string, string][] = [
      [
        '[{"to":"jo@shop.example","id":19421777835146491, "x" : 1e400 }]',
        `[{"to":"${jo}","id":19421777835146491, "x" : 1e400 }]`,
      ],
      ['{"to":"jo\\u0040shop.example"}', `{"to":"${jo}"}`],
      ['{"jo@shop.example":1}', `{"${jo}":1}`],
      [
        '{"u":"https://a.example/?e=jo%40shop.example&b=1"}',
        `{"u":"https://a.example/?e=${jo.replace('@', '%40')}&b=1"}`,
      ],
      ['{"r":"550 <JO@shop.example> no"}', `{"r":"550 <${jo}> no"}`],
      ['{"a":"\\u003cb\\u003e"}', '{"a":"\\u003cb\\u003e"}'],
      ['no JSON of jo@shop.example', `no JSON of ${jo}`],
      ['', ''],
    ]
    for (const [text, expected] of texts) expect(redacted(text), text).toBe(expected)
  })

  it('stand in what is in base64, too', () => {
    const link = Buffer.from('{"u":"jo@shop.example","c":7}').toString('base64url')
    const text = redacted(`{"u":"https://t.example/${link}"}`)
    const inside = Buffer.from(JSON.parse(text).u.split('/').pop(), 'base64').toString()
    expect(inside).toBe(`{"u":"${jo}","c":7}`)
  })

  it('and keys are those of the inbox alone', () => {
    const other = new Seals(Buffer.alloc(32, 2))
    expect(other.standIn('jo@shop.example')).not.toBe(jo)
    expect(other.address(seals.keyOrNull('jo@shop.example') ?? '')).toBeNull()
    for (const address of ['jo@shop.example', 'ü@münchen.example', `${'x'.repeat(300)}@shop.example`])
      expect(seals.address(seals.keyOrNull(address) ?? '')).toBe(
        seals.address(seals.keyOrNull(address.toUpperCase()) ?? ''),
      )
    expect(seals.address(seals.keyOrNull('Jo@Shop.example') ?? '')).toBe('jo@shop.example')
  })
})
