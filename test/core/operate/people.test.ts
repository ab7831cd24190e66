import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { unauthenticated } from '../../../src/auth/index.ts'
import { createReceiver } from '../../../src/core/receiver.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'
import type { EraseReport } from '../../../src/public/inbox.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const JO = 'jo@shop.example'
const BOB = 'bob@shop.example'
const to = (...people: readonly string[]) =>
  JSON.stringify(people.map((person, n) => ({ type: 'ping', n, to: person })))
const nobody = { matched: 0, queued: 0, closed: 0, leftIn: [] }

/** A receiver and the ids of the events its one handler got. */
function handling(options: object = {}, handle: (event: AnyEvent) => unknown = () => {}) {
  const clock = new FakeClock()
  const receiver = receiverIn(clock, options)
  const seen: string[] = []
  receiver.on('*', { name: 'a', retry: { attempts: 1 } }, (event) => {
    seen.push(event.recipient ?? '')
    return handle(event)
  })
  /** To its end, through the pauses it makes. */
  const erase = async (email: string, run: object = {}) => {
    const erased = receiver.inbox.erase({ email }, run)
    let ended = false
    void erased
      .catch(() => {})
      .finally(() => {
        ended = true
      })
    while (!ended) await clock.advance(100)
    return erased
  }
  return { clock, receiver, seen, erase }
}

const fails = (event: AnyEvent) => {
  throw new Error(`no ${event.id}`)
}

describe('erase', () => {
  it('takes the events of a person out of what is stored, in any case, and leaves those of others', async () => {
    const { receiver, erase } = handling()
    const { id } = await receiver.inject('shop', to(JO, BOB, 'JO@Shop.Example', `bob${JO}`))
    await receiver.inject('outlet', to(BOB))
    await receiver.whenIdle()
    expect(await erase('Jo@shop.example')).toEqual({ matched: 2, queued: 2, deliveries: 2, closed: 0, leftIn: [] })
    const delivery = (await receiver.inbox.delivery(id))!
    const body = JSON.parse(Buffer.from(await delivery.body()).toString())
    expect(body).toEqual(['erased', { type: 'ping', n: 1, to: BOB }, 'erased', expect.objectContaining({ n: 3 })])
    expect(delivery).toMatchObject({ kept: 'some', events: 4 })
    expect(await receiver.inbox.stats()).toMatchObject({ erased: 2 })
    expect(await receiver.inject('shop', to(JO, BOB, 'JO@Shop.Example', `bob${JO}`))).toEqual({
      id,
      status: 'duplicate',
    })
    expect(await erase(JO)).toEqual({ ...nobody, deliveries: 2 })
    await receiver.close()
  })

  it('takes the events of all writings of an address: what has one event.email is one person', async () => {
    const writings = [
      'Jo@MÜNCHEN.example',
      '"jo"@mu\u0308nchen.example',
      ' jo@XN--MNCHEN-3YA.example',
      'li@münchen.example',
    ]
    for (const email of writings.slice(0, 3)) {
      const { receiver, erase } = handling()
      const emails: (string | null)[] = []
      receiver.on('*', { name: 'emails' }, (event) => void emails.push(event.email))
      const { id } = await receiver.inject('shop', to(...writings))
      await receiver.whenIdle()
      expect(emails).toEqual([...Array(3).fill('jo@xn--mnchen-3ya.example'), 'li@xn--mnchen-3ya.example'])
      const records = await all(receiver.inbox.export({ email }))
      expect(records.map((record) => [record.id, record.event?.recipient])).toEqual(
        writings.slice(0, 3).map((recipient, index) => [`${id}.${index}`, recipient]),
      )
      expect(await erase(email)).toMatchObject({ matched: 3, queued: 3 })
      await receiver.close()
    }
  })

  it('has none of them handed out that waited: the others keep their ids, and nothing goes to quarantine', async () => {
    const [clock, inbox] = [new FakeClock(), memory()]
    const first = receiverIn(clock, { inbox, role: 'receive' })
    const { id } = await first.inject('shop', to(JO, BOB, JO, BOB))
    await first.inbox.erase({ email: JO })
    await first.close()
    const second = receiverIn(clock, { inbox })
    const seen: (string | null)[][] = []
    second.on('*', { name: 'a' }, ({ id, recipient }) => void seen.push([id, recipient]))
    await second.start()
    await second.whenIdle()
    expect(seen).toEqual([
      [`${id}.1`, BOB],
      [`${id}.3`, BOB],
    ])
    expect(await second.inbox.stats()).toMatchObject({ pending: 0, quarantined: 0, unhandled: {}, erased: 2 })
    await second.close()
  })

  it('waits for what is with its handler, and takes what that leaves', async () => {
    const open: (() => void)[] = []
    const { clock, receiver, seen } = handling({}, (event) => {
      if (event.recipient !== JO) return undefined
      return new Promise<void>((_, reject) => open.push(() => reject(new Error('too late'))))
    })
    await receiver.inject('shop', to(BOB, JO))
    await settled()
    expect(seen).toEqual([BOB, JO])
    const ends: EraseReport[] = []
    const erased = receiver.inbox.erase({ email: JO }).then((report) => ends.push(report))
    await clock.advance(5_000)
    expect(ends).toEqual([])
    open[0]?.()
    await clock.advance(1_000)
    await erased
    expect(ends).toEqual([{ matched: 1, queued: 1, deliveries: 1, closed: 0, leftIn: [] }])
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 0, pending: 0, erased: 1 })
    expect(seen).toEqual([BOB, JO])
    await receiver.close()
  })

  it('ends retries of the person and goes on with those of others', async () => {
    const clock = new FakeClock()
    const receiver = receiverIn(clock)
    const [seen, broken]: [string[], { yes: boolean }] = [[], { yes: true }]
    receiver.on('*', { name: 'a' }, ({ recipient }) => {
      seen.push(`${recipient}`)
      if (broken.yes) throw new Error('no')
    })
    await receiver.inject('shop', to(JO, BOB))
    await settled()
    const erased = receiver.inbox.erase({ email: JO })
    await clock.advance(100)
    expect(await erased).toMatchObject({ matched: 1, queued: 1 })
    broken.yes = false
    seen.length = 0
    await clock.advance(10_000)
    expect(seen).toEqual([BOB])
    expect(await receiver.inbox.stats()).toMatchObject({ pending: 0, quarantined: 0 })
    await receiver.close()
  })

  it('finds dead letters, also those whose delivery has lost its bytes, and the quarantine', async () => {
    const { receiver, erase } = handling({ retention: { bodies: 0 } }, fails)
    await receiver.inject('shop', to(JO, BOB))
    await receiver.whenIdle()
    await receiver.inbox.prune()
    await receiver.inject('shop', JSON.stringify([{ type: 'ping', to: JO }, { bad: `of ${JO}` }, { bad: 'of nobody' }]))
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 3, quarantined: 2 })
    expect(await erase(JO)).toEqual({ matched: 3, queued: 3, deliveries: 1, closed: 0, leftIn: [] })
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 1, quarantined: 1, cancelled: 0 })
    expect(await all(receiver.inbox.deadLetters())).toMatchObject([{ event: { recipient: BOB } }])
    await receiver.close()
  })

  it('takes all bytes of a body that cannot be read and names the person', async () => {
    const { receiver, erase } = handling()
    const bodies = [`[{"to":"${JO}"`, '[{"to":"jo\\u0040shop.example"', `[{"to":"${BOB}"`]
    for (const body of bodies) await receiver.inject('shop', body)
    await receiver.whenIdle()
    expect(await receiver.inbox.stats()).toMatchObject({ quarantined: 3 })
    expect(await erase(JO)).toMatchObject({ matched: 2, queued: 2, closed: 0, leftIn: [] })
    expect(await receiver.inbox.stats()).toMatchObject({ quarantined: 1 })
    const texts = await Promise.all(
      (await all(receiver.inbox.deliveries())).map(async ({ id }) =>
        Buffer.from(await (await receiver.inbox.delivery(id))!.body()).toString(),
      ),
    )
    expect(texts.sort()).toEqual(['["erased"]', '["erased"]', bodies[2]].sort())
    await receiver.close()
  })

  it('finds the person in an element that is not JSON, or too deep, and takes it alone', async () => {
    const { receiver, erase } = handling()
    const deep = `${'['.repeat(40)}"${JO}"${']'.repeat(40)}`
    const { id } = await receiver.inject('shop', `[{"type":"ping"},{"to" "${JO}"},${deep},{"to" "${BOB}"}]`)
    await receiver.whenIdle()
    expect(await erase(JO)).toMatchObject({ matched: 2, queued: 2 })
    const body = await (await receiver.inbox.delivery(id))!.body()
    expect(Buffer.from(body).toString()).toBe(`[{"type":"ping"},"erased","erased",{"to" "${BOB}"}]`)
    await receiver.close()
  })

  it('changes nothing in a dry run, keeps to its limits, tells how far it is, and stops on its signal', async () => {
    const { clock, receiver, erase } = handling()
    const start = clock.now()
    for (let n = 0; n < 4; n++) {
      await receiver.inject(n === 0 ? 'outlet' : 'shop', to(JO, `p${n}@shop.example`))
      await clock.advance(1_000)
    }
    await receiver.whenIdle()
    const told: number[] = []
    const run = { dryRun: true, onProgress: ({ deliveries }: EraseReport) => void told.push(deliveries) }
    expect(await erase(JO, run)).toEqual({ matched: 4, queued: 0, deliveries: 4, closed: 0, leftIn: [] })
    expect(told).toEqual([1, 2, 3, 4])
    expect(await receiver.inbox.stats()).toMatchObject({ erased: 0 })
    const stop = new AbortController()
    const slow = receiver.inbox.erase({ email: JO }, { ratePerSecond: 1, signal: stop.signal })
    await clock.advance(1_500)
    stop.abort()
    expect(await slow).toMatchObject({ deliveries: 2 })
    const since = new Date(start + 500)
    const [a, b] = [receiver.inbox.erase({ email: JO, source: 'outlet' }), receiver.inbox.erase({ email: JO, since })]
    await clock.advance(1_000)
    expect([await a, await b]).toMatchObject([{ deliveries: 1 }, { deliveries: 3 }])
    await receiver.close()
  })

  it.each([{}, { email: 'jo' }, { email: 7 }])('is refused without an address: %j', async (person) => {
    const { receiver } = handling()
    await expect(receiver.inbox.erase(person as { email: string })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(all(receiver.inbox.export(person as { email: string }))).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(receiver.inbox.erase({ email: JO }, { ratePerSecond: 0 })).rejects.toMatchObject({
      code: 'ERR_OPTION',
    })
    await receiver.close()
  })
})

describe('export', () => {
  it('gives everything that is stored of a person, once, newest first', async () => {
    const { receiver } = handling({ retention: { bodies: 0 } }, (event) =>
      event.source === 'outlet' ? fails(event) : null,
    )
    const lost = await receiver.inject('outlet', to(BOB, JO))
    await receiver.whenIdle()
    await receiver.inbox.prune()
    const dead = await receiver.inject('outlet', to(JO))
    const mixed = await receiver.inject(
      'shop',
      JSON.stringify([{ type: 'pong', to: JO }, { bad: JO }, { type: 'ping', to: BOB }]),
    )
    const broken = await receiver.inject('shop', `{"to":"${JO}"`)
    await receiver.whenIdle()
    const records = await all(receiver.inbox.export({ email: JO }))
    expect(records.map(({ id, source, event, deadFor }) => [id, source, event?.name ?? null, deadFor])).toEqual([
      [broken.id, 'shop', null, []],
      [`${mixed.id}.0`, 'shop', 'toy.pong', []],
      [`${mixed.id}.1`, 'shop', null, []],
      [`${dead.id}.0`, 'outlet', 'toy.ping', ['a']],
      [`${lost.id}.1`, 'outlet', 'toy.ping', ['a']],
    ])
    expect(records.map(({ raw }) => Buffer.from(raw).toString())).toEqual([
      `{"to":"${JO}"`,
      `{"type":"pong","to":"${JO}"}`,
      `{"bad":"${JO}"}`,
      `{"type":"ping","n":0,"to":"${JO}"}`,
      `{"type":"ping","n":1,"to":"${JO}"}`,
    ])
    expect(records[1]?.event).toMatchObject({ id: `${mixed.id}.0`, email: JO, effect: 'suppress' })
    expect(await all(receiver.inbox.export({ email: JO, source: 'shop' }))).toHaveLength(3)
    expect(await all(receiver.inbox.export({ email: 'nobody@shop.example' }))).toEqual([])
    await receiver.close()
  })

  it('does not take whoever sent a mail for the person it is about, but does where mail is relayed to us', async () => {
    const receiver = receiverIn(new FakeClock(), { sources: { mail: momentum({ auth: unauthenticated() }) } })
    const event = (fields: object) => ({ msys: { message_event: { type: 'delivery', ...fields } } })
    const relayed = { msys: { relay_message: { rcpt_to: 'in@shop.example', msg_from: JO, friendly_from: JO } } }
    await receiver.inject('mail' as never, [
      event({ rcpt_to: BOB, friendly_from: JO, msg_from: JO }),
      event({ rcpt_to: JO.toLowerCase(), raw_rcpt_to: 'Jo@Shop.example', friendly_from: BOB }),
      event({ rcpt_to: BOB, raw_reason: `550 <${JO}>: unknown` }),
      relayed,
    ])
    const records = await all(receiver.inbox.export({ email: JO }))
    expect(records.map(({ id, event }) => [id.slice(-1), event?.name])).toEqual([
      ['1', 'momentum.delivery'],
      ['2', 'momentum.delivery'],
      ['3', 'momentum.relay_message'],
    ])
    await receiver.close()
  })
})

describe('erase over a file', () => {
  it('leaves no trace in it, from this process and from one beside it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'inbox.db')
    const sources = { shop: toy() }
    const receiver = createReceiver({ inbox: sqlite({ path }), sources, logger: false })
    receiver.on('toy.ping', { name: 'a', retry: { minMs: 60_000 } }, ({ recipient }) => {
      throw new Error(`no ${recipient}`)
    })
    receiver.on('toy.pong', { name: 'b', retry: { attempts: 1 } }, ({ recipient }) => {
      throw new Error(`never ${recipient}`)
    })
    const post = async (body: string) =>
      (await receiver.handle(new Request('http://x/shop', { method: 'POST', body }))).status
    const [al, cy] = ['al@shop.example', 'cy@shop.example']
    const people = [JO, BOB, al, cy].flatMap((to) => ['ping', 'pong'].map((type) => ({ type, to })))
    expect(await post(JSON.stringify(people))).toBe(200)
    const many = Array.from({ length: 3_000 }, (_, n) => ({ type: 'other', to: [JO, BOB, al, cy][n % 4], n }))
    expect(await post(JSON.stringify(many))).toBe(200)
    expect(await post(`[{"to":"${JO}"`)).toBe(200)
    await receiver.whenIdle()
    const left = () =>
      [JO, BOB, al, cy].filter((who) =>
        ['', '-wal'].some((suffix) => existsSync(path + suffix) && readFileSync(path + suffix).includes(who)),
      )
    expect(left()).toEqual([JO, BOB, al, cy])
    expect(await receiver.inbox.erase({ email: JO })).toEqual({
      matched: 753,
      queued: 753,
      deliveries: 3,
      closed: 0,
      leftIn: [],
    })
    expect(left()).toEqual([BOB, al, cy])
    // As a start leaves it that finds the log damaged: what stands in it cannot be told.
    const copy = `${path}-wal-damaged-1764374400000`
    writeFileSync(copy, many.map(({ to }) => to).join())
    const erase = (run: object) => receiver.inbox.erase({ email: JO }, run)
    for (const run of [{}, { copies: false }, { copies: true, dryRun: true }])
      expect(await erase(run)).toMatchObject({ leftIn: [copy] })
    expect(existsSync(copy)).toBe(true)
    expect(await erase({ copies: true })).toMatchObject({ leftIn: [] })
    expect(existsSync(copy)).toBe(false)
    writeFileSync(copy, '')
    const control = createReceiver({ inbox: sqlite({ path }), sources, logger: false, role: 'control' })
    expect(await control.inbox.erase({ email: BOB })).toMatchObject({ matched: 752, queued: 752, leftIn: [copy] })
    expect(left()).toEqual([al, cy])
    expect(await all(control.inbox.export({ email: BOB }))).toEqual([])
    await receiver.close()
    expect(await control.inbox.erase({ email: al })).toMatchObject({ matched: 752, queued: 752 })
    expect(left()).toEqual([cy])
    expect(await all(control.inbox.export({ email: cy }))).toHaveLength(752)
    expect(await control.inbox.stats()).toMatchObject({ deadLetters: 1, quarantined: 0, pending: 1, erased: 2_257 })
    await control.close()
  }, 60_000)
})
