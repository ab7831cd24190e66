/** What is answered, in each form: headers, errors, masks, searches, CSV. */
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { bearer, unauthenticated } from '../../src/auth/index.ts'
import { createPacer } from '../../src/core/base/pacer.ts'
import { createReceiverIn } from '../../src/core/receiver.ts'
import { maskAddress, maskText, replaceAddresses } from '../../src/dashboard/addresses.ts'
import { cellOf, csvOf } from '../../src/dashboard/forms.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import { maskEvent } from '../../src/dashboard/mask.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver, PermanentError } from '../../src/index.ts'
import { momentum, momentumRelay } from '../../src/providers/momentum/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { attached, mail, multipart, relayed } from '../support/mails.ts'
import { toy } from '../support/toy.ts'
import { Asking, endAll, ends, gathered, locationOf, OWN, receiving } from './kit.ts'

afterEach(endAll)

const clear = { access: { who: 'jo', people: 'clear', bytes: true } }
const masked = { access: { who: 'jo' } }

async function asking(hooks = {}) {
  const parts = await receiving(hooks)
  const { receiver } = parts
  receiver.on('toy.ping', { name: 'mailer' }, () => {
    throw new PermanentError('no mailbox jo@shop.example', { cause: new Error('at al@shop.example') })
  })
  await receiver.inject('shop', [
    { type: 'ping', to: 'Jo@shop.example', note: 'private', nested: { 'al@shop.example': [1, true, null] } },
    { type: 'pong', to: 'al@shop.example' },
  ])
  await receiver.whenIdle()
  return { ...parts, board: new Asking(receiver) }
}

describe('headers', () => {
  it('of a page: nothing inline, nothing from elsewhere, no frame, no cache, Trusted Types (D4, D7)', async () => {
    const { board } = await asking()
    const { headers } = await board.ask('view=now')
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow',
      'x-frame-options': 'DENY',
    })
  })

  it('let those frame it who are named, and nobody else (D7)', async () => {
    const { receiver } = await asking()
    const board = new Asking(receiver, { framedBy: ['https://portal.example'] })
    const { headers } = await board.ask('view=now')
    expect(headers['content-security-policy']).toContain('frame-ancestors https://portal.example;')
    expect(headers['x-frame-options']).toBeUndefined()
  })

  it('stand on errors and on answers of every form', async () => {
    const { board } = await asking()
    for (const query of [
      'view=nothing',
      'view=now&as=json',
      'view=echo&as=csv',
      'view=echo&as=ndjson',
      'asset=none',
      'view=now&as=pdf',
    ])
      expect((await board.ask(query)).headers, query).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      })
  })
})

describe('assets', () => {
  it('are kept by browsers for good, by their hash, and by nothing between', async () => {
    const { board } = await asking()
    const asset = await board.ask('asset=style-abc', { headers: { 'accept-encoding': 'br, gzip' } })
    expect(asset.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/css',
      'cache-control': 'private, max-age=31536000, immutable',
    })
    expect(gunzipSync(asset.body as Uint8Array).toString()).toBe('body{}')
    for (const accept of ['identity', 'gzip;q=0', ''])
      expect(String((await board.ask('asset=style-abc', { headers: { 'accept-encoding': accept } })).body)).toBe(
        'body{}',
      )
    for (const name of ['style-abd', '../main', '__proto__', 'constructor', ''])
      expect((await board.ask(`asset=${name}`)).status, name).toBe(404)
  })
})

describe('JSON', () => {
  it('is the same address with as=json, or asked for by Accept, with its version', async () => {
    const { board } = await asking()
    const { json, headers } = await board.json('view=echo&x=1')
    expect(json).toEqual({
      ...{ posthorn: 1, view: 'echo', query: { view: 'echo', x: '1' }, next: null, partial: null, frame: null },
      ...{ data: { view: 'echo', x: '1', as: 'json' }, at: expect.stringMatching(/^\d{4}-.*Z$/) },
    })
    expect(headers['content-type']).toMatch(/^application\/json/)
    const accepted = await board.ask('view=echo', { headers: { accept: 'application/json' } })
    expect(accepted.headers['content-type']).toMatch(/^application\/json/)
    const browser = await board.ask('view=echo', { headers: { accept: 'text/html,application/json;q=0.9' } })
    expect(browser.headers['content-type']).toMatch(/^text\/html/)
  })

  it('answers 304 while nothing has changed', async () => {
    const { board } = await asking()
    const etag = (await board.json('view=echo&x=1')).headers.etag ?? ''
    const again = await board.ask('view=echo&x=1&as=json', { headers: { 'if-none-match': etag } })
    expect([again.status, again.body]).toEqual([304, ''])
    const other = await board.ask('view=echo&x=2&as=json', { headers: { 'if-none-match': etag } })
    expect(other.status).toBe(200)
  })

  it('says errors in JSON, too', async () => {
    const { board } = await asking()
    const of = async (query: string, more = {}) => {
      const { status, body } = await board.ask(`${query}&as=json`, more)
      return [status, JSON.parse(String(body)).error]
    }
    expect(await of('view=events&filter=handlr:x')).toEqual([400, 'bad_filter'])
    expect(await of('view=delivery&id=nonsense')).toEqual([400, 'bad_filter'])
    expect(await of('x', { method: 'POST', headers: OWN })).toEqual([405, 'method_not_allowed'])
    expect(await of('x', { method: 'DELETE' })).toEqual([405, 'method_not_allowed'])
    expect(await of('view=now', { peer: '192.0.2.1' })).toEqual([403, 'not_local'])
    expect((await board.ask('view=now&as=yaml')).status).toBe(400)
    expect((await board.ask('view=now&as=csv')).status).toBe(400)
  })

  it('has no body for HEAD', async () => {
    const { board } = await asking()
    expect(await board.ask('view=echo', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
  })
})

it('shows markup of strangers in an error as text (D4)', async () => {
  const { board } = await asking()
  const { status, body } = await board.ask(`view=events&filter=${encodeURIComponent('<img>:x')}`)
  expect(status).toBe(400)
  expect(body).not.toContain('<img')
  expect(body).toContain('&lt;')
})

describe('no address in a URL, ever', () => {
  it('searches by POST, and leads to a key', async () => {
    const { board } = await asking()
    const place = async (q: string) => locationOf(await board.post('search', { q }))
    const jo = await place(' JO@Shop.Example ')
    expect(jo.get('view')).toBe('person')
    expect(jo.get('key')).toMatch(/^[\w-]{40,}$/)
    expect((await place('jo@shop.example')).get('key')).toBe(jo.get('key'))
    expect((await place('al@shop.example')).get('key')).not.toBe(jo.get('key'))
    const narrowed = await place('to:jo@shop.example since:6h')
    expect(Object.fromEntries(narrowed)).toEqual({ view: 'person', key: jo.get('key'), filter: 'since:6h' })
    expect((await place('to:"jo@shop.example"')).get('key')).toBe(jo.get('key'))
    expect(Object.fromEntries(await place('d_abcdefgh234567'))).toEqual({ view: 'delivery', id: 'd_abcdefgh234567' })
    expect(Object.fromEntries(await place('d_abcdefgh234567.12'))).toEqual({ view: 'event', id: 'd_abcdefgh234567.12' })
    expect(Object.fromEntries(await place('type:bounced since:6h'))).toEqual({
      view: 'events',
      filter: 'type:bounced since:6h',
    })
    expect(Object.fromEntries(await place('00042b1c'))).toEqual({ view: 'message', id: '00042b1c' })
    expect(Object.fromEntries(await place(''))).toEqual({ view: 'now' })
    for (const q of [
      'to:jo@shop.example,al@shop.example to:x@y.example',
      'x'.repeat(1_001),
      'look for jo@shop.example please',
    ])
      expect((await board.post('search', { q })).status, q).toBe(400)
  })

  it('refuses one that stands there, and does not repeat it', async () => {
    const { board, logger } = await asking()
    for (const query of [
      'view=events&filter=to:jo@shop.example',
      'view=person&key=jo%40shop.example',
      'jo@shop.example',
      'view=now&x=%22jo%22@shop.example',
    ]) {
      const { status, body } = await board.ask(query)
      expect(status, query).toBe(400)
      expect(body).not.toMatch(/jo/)
    }
    expect(logger.text()).not.toContain('jo@')
  })

  it('opens a key of this inbox, and no other', async () => {
    const { board } = await asking()
    const key = locationOf(await board.post('search', { q: 'jo@shop.example' })).get('key') ?? ''
    const { json } = await board.json(`view=person&key=${key}`, clear)
    expect(json.data).toMatchObject({ who: 'jo@shop.example', events: [{ email: 'jo@shop.example' }], keys: [key] })
    for (const other of [key.slice(1), `${key.slice(0, -4)}AAAA`, 'A'.repeat(64), `${key}AAAA`, ''])
      expect((await board.json(`view=person&key=${other}`, clear)).json.data, other).toBeNull()
  })
})

describe('people: masked', () => {
  it('are found by who knows the address, and not shown, in any form', async () => {
    const { board } = await asking()
    const key = locationOf(await board.post('search', { q: 'jo@shop.example' })).get('key') ?? ''
    const views = [`view=person&key=${key}`, 'view=events', 'view=dead']
    const texts: string[] = []
    for (const view of views)
      for (const as of ['json']) texts.push(String((await board.ask(`${view}&as=${as}`, masked)).body))
    for (const as of ['csv', 'ndjson', 'html'])
      texts.push(String((await board.ask(`view=events&as=${as}`, masked)).body))
    expect(texts.join('\n')).toContain('j***@shop.example')
    expect(texts.join('\n')).not.toMatch(/\b(jo|al)@|private/i)
    const { json } = await board.json(`view=person&key=${key}`, masked)
    expect(json.data).toMatchObject({ who: 'j***@shop.example', keys: [key] })
    expect(json.data.events[0].payload).toEqual({
      ...{ type: '(text)', to: '(text)', note: '(text)' },
      nested: { 'a***@shop.example': ['(number)', '(boolean)', null] },
    })
    expect(JSON.stringify((await board.json('view=dead', masked)).json)).not.toMatch(/stack|data\.test/)
    expect(
      (await board.json('view=events', clear)).json.data.map((one: { email: string }) => one.email).sort(),
    ).toEqual([...['al@shop.example', 'jo@shop.example']])
    expect(JSON.stringify((await board.json('view=dead', clear)).json)).toMatch(/stack/)
  })

  it('mask each field of each event of a sender', async () => {
    const source = momentum({ auth: unauthenticated() })
    const receiver = createReceiver({ inbox: memory(), sources: { shop: source }, logger: false })
    ends.push(() => receiver.close({ timeoutMs: 0 }))
    const who = 'jo.doe@shop.example'
    const track = {
      ...{ type: 'click', rcpt_to: who, raw_rcpt_to: who, rcpt_meta: { name: 'Jo Doe', [who]: who }, rcpt_tags: [who] },
      ...{
        target_link_url: `https://x.example/${encodeURIComponent(who)}?u=${who}`,
        target_link_name: who,
        user_agent: who,
      },
      ...{
        ip_address: '192.0.2.77',
        geo_ip: { city: 'Kleinstadt', country: 'AT' },
        subject: 'Dear Jo Doe',
        message_id: who,
      },
    }
    const bounce = {
      type: 'bounce',
      rcpt_to: who,
      raw_reason: `550 ${who} unknown`,
      reason: `550 <${who}> unknown`,
      bounce_class: '10',
    }
    await receiver.inject('shop', [{ msys: { track_event: track } }, { msys: { message_event: bounce } }])
    await receiver.whenIdle()
    const seen: string[] = []
    for await (const event of receiver.inbox.events({ since: new Date(0) })) {
      expect(JSON.stringify(event)).toContain(who)
      const one = maskEvent(event)
      expect(Object.keys(one).sort()).toEqual(Object.keys(event).sort())
      seen.push(JSON.stringify(one))
    }
    expect(seen).toHaveLength(2)
    expect(seen.join()).not.toMatch(/jo\.doe|Jo Doe|192\.0\.2\.77|Kleinstadt/)
    expect(seen.join()).toContain('"country":"AT"')
  })

  it('take addresses out of texts, however they are written, in time that grows with the text', () => {
    const texts: [string, string][] = [
      ['550 <jo@shop.example>: no such user', '550 <j***@shop.example>: no such user'],
      ['to=jo%40shop.example&x', 'to=j***%40shop.example&x'],
      ['https://a.example/?e=jo%2540shop.example', 'https://a.example/?e=j***%2540shop.example'],
      ['"jo doe"@shop.example', 'j***@shop.example'],
      ['jö@münchen.example.', 'j***@münchen.example.'],
      ['a@b@c.example', 'a***@b@c.example'],
      ['no address @ all', 'no address @ all'],
      ['jo@[192.0.2.1]', 'j***@[192.0.2.1]'],
    ]
    for (const [text, expected] of texts) expect(maskText(text), text).toBe(expected)
    expect(maskAddress('@')).toBe('***@')
    expect(replaceAddresses('a@b.example, c@d.example', () => 'x@y.example')).toBe('x@y.example, x@y.example')
    // Minutes, where each of these begins a search of its own.
    for (const bait of [
      'a@'.repeat(50_000),
      `${'a.'.repeat(50_000)}@`,
      '"'.repeat(100_000),
      `${'"@'.repeat(50_000)}`,
      '%40'.repeat(30_000),
    ])
      expect(maskText(bait).length).toBeGreaterThan(0)
  })
})

describe('bytes', () => {
  it('ask for their right, come as a file that nobody runs, and are noted once', async () => {
    const acts: object[] = []
    const { board, receiver } = await asking({ acted: (act: object) => void acts.push(act) })
    const [delivery] = await gathered(receiver.inbox.deliveries())
    const query = `view=delivery&id=${delivery?.id}`
    for (const access of [{ who: 'jo' }, { who: 'jo', people: 'clear' }]) {
      expect((await board.ask(`${query}&as=body`, { access })).status).toBe(403)
      expect((await board.ask(query, { access })).status).toBe(403)
    }
    for (let times = 0; times < 3; times++) {
      const answer = await board.ask(`${query}&as=body`, clear)
      expect(answer.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${delivery?.id}.bin"`,
        'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
      })
      expect(Buffer.from(answer.body as Uint8Array).toString()).toContain('"Jo@shop.example"')
    }
    expect(acts).toEqual([{ who: 'jo', verb: 'bytes', filter: delivery?.id, matched: 1, queued: 0 }])
    expect(await receiver.inbox.actions()).toMatchObject([{ who: 'jo', verb: 'bytes' }])
    expect((await board.ask('view=delivery&id=d_abcdefgh234567&as=body', clear)).status).toBe(404)
    expect((await board.ask('view=now&as=body', clear)).status).toBe(400)
  })

  it('that a person was looked at is noted, without the person', async () => {
    const acts: object[] = []
    const { board } = await asking({ acted: (act: object) => void acts.push(act) })
    const key = locationOf(await board.post('search', { q: 'jo@shop.example' })).get('key') ?? ''
    for (let times = 0; times < 3; times++) await board.ask(`view=person&key=${key}`, clear)
    await board.ask(`view=person&key=${key}`, masked)
    expect(acts).toEqual([{ who: 'jo', verb: 'reveal', filter: 'a person', matched: 1, queued: 0 }])
  })
})

describe('CSV (L11)', () => {
  it('keeps spreadsheets from calculating what strangers wrote', () => {
    const texts: [unknown, string][] = [
      ...['=1+1', '+1', '-1', '@SUM(A1)', '=cmd|x'].map((text): [string, string] => [text, `'${text}`]),
      ['\t=1', "'\t=1"],
      ['\r=1', '"\'\r=1"'],
      ['  =1', "'  =1"],
      ['\uff1d1', "'\uff1d1"],
      ['a=1', 'a=1'],
      ['say "no", he said', '"say ""no"", he said"'],
      [-5, '-5'],
      [null, ''],
      [undefined, ''],
      [{ a: '=1' }, '"{""a"":""=1""}"'],
    ]
    for (const [value, expected] of texts) expect(cellOf(value), String(value)).toBe(expected)
    expect(
      csvOf([
        { a: 1, '=b': 'x' },
        { a: 2, c: 'y' },
      ]),
    ).toBe("a,'=b,c\r\n1,x,\r\n2,,y\r\n")
  })

  it('is a file; NDJSON has an object a line', async () => {
    const { board } = await asking()
    const csv = await board.ask('view=echo&x=%3D1&as=csv')
    expect(csv.headers['content-disposition']).toBe('attachment; filename="posthorn-echo.csv"')
    expect(csv.body).toBe("view,x,as\r\necho,'=1,csv\r\n")
    const ndjson = await board.ask('view=echo&x=%3D1&as=ndjson')
    expect(ndjson.body).toBe('{"view":"echo","x":"=1","as":"ndjson"}\n')
  })
})

it('is answered in fetch hosts by handle, behind auth', async () => {
  const { receiver } = await asking()
  const board = dashboard(receiver)
  expect((await board.handle(new Request('http://localhost/ops?view=now'))).status).toBe(403)
})

it('gives a view its time, and then shows what there is, with where to go on (D9)', async () => {
  const clock = new FakeClock()
  const world = { clock, random: () => 0.5, createPacer }
  const receiver = createReceiverIn(world, { inbox: memory(), sources: { shop: toy() }, logger: false })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  await receiver.start()
  const board = new Asking(receiver)
  let answered = false
  const answer = board.json('view=slow').finally(() => {
    answered = true
  })
  await clock.advance(1_999)
  expect(answered).toBe(false)
  await clock.advance(1)
  expect((await answer).json).toMatchObject({ next: 'd_a', partial: 'looked at 12 of 40' })
})

it('says so when the inbox does not come back', async () => {
  const clock = new FakeClock()
  const world = { clock, random: () => 0.5, createPacer }
  const receiver = createReceiverIn(world, { inbox: memory(), sources: { shop: toy() }, logger: false })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  await receiver.start()
  const answer = new Asking(receiver).json('view=stuck')
  await clock.advance(15_000)
  expect(await answer).toMatchObject({ status: 503, json: { error: 'unavailable' } })
})

it.each([
  "' OR 1=1 --",
  '%',
  '_',
  '(a+)+$',
  'type:%',
  'type:.*',
  'source:shop\u0000',
  '"; DROP TABLE delivery',
  '*',
  '{"$gt":""}',
])('finds nothing by %j, which no grammar of ours has (D10)', async (q) => {
  const { receiver } = await asking()
  const board = dashboard(receiver, { auth: bearer('a secret of some length') })
  const headers = { authorization: 'Bearer a secret of some length' }
  const ask = (query: string, more = {}) =>
    board.handle(new Request(`https://ops.example/${query}`, { headers, ...more }))
  const found = await ask('?search', { method: 'POST', body: new URLSearchParams({ q }) })
  const place = found.headers.get('location') ?? '?view=events'
  const places = [
    place,
    `?${new URLSearchParams({ view: 'events', filter: `since:1d ${q}` })}`,
    `?${new URLSearchParams({ view: 'deliveries', filter: q })}`,
  ]
  for (const one of places) {
    const answer = await ask(`${one}&as=json`)
    const { data } = await answer.json()
    if (answer.status === 200)
      expect(Object.values(data).filter((value) => Array.isArray(value) && value.length > 0)).toEqual([])
    else expect([400, 404], one).toContain(answer.status)
  }
})

it('is no part of what answers senders (D11)', async () => {
  const { receiver } = await asking()
  for (const path of ['shop?view=now', 'shop?asset=main-abc', '?view=now', 'ops?view=now']) {
    const answer = await receiver.handle(new Request(`https://hooks.example/${path}`))
    expect([404, 405], path).toContain(answer.status)
    expect(await answer.text()).not.toMatch(/html|posthorn/i)
  }
})

it('gives what is attached to a mail as a file that nobody runs, to who has the right to bytes (D6)', async () => {
  const source = momentumRelay({ auth: unauthenticated() })
  const receiver = createReceiver({ inbox: memory(), sources: { desk: source }, logger: false })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  const markup = '<script>alert(1)</script>'
  const { id } = await receiver.inject('desk', relayed(mail(multipart([attached('../x.html', markup, 'text/html')]))))
  await receiver.whenIdle()
  const board = new Asking(receiver as never)
  const query = `view=event&id=${id}.0&as=attachment`
  const { status, headers, body } = await board.ask(`${query}&part=0`, clear)
  expect([status, Buffer.from(body as Uint8Array).toString()]).toEqual([200, markup])
  expect(headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="attachment.bin"',
    'content-security-policy': expect.stringContaining('sandbox'),
  })
  expect((await board.ask(`${query}&part=0`, masked)).status).toBe(403)
  for (const part of ['1', '-1', 'length', '__proto__', 'x'])
    expect((await board.ask(`${query}&part=${part}`, clear)).status, part).toBe(404)
  expect((await board.ask(`view=event&id=${id}.7&as=attachment`, clear)).status).toBe(404)
})
