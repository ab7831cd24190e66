import { mkdtempSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { emulateMomentum, emulateSparkPost, virtualClock } from 'posthorn/emulators'
import { momentum, sparkpost } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'
import { expect, it, onTestFinished } from 'vitest'
import type { AnyEvent } from '../../src/types.ts'
import { api, countsOf, listening, TOKEN } from './site.ts'

const EVENTS = ['injection', 'delivery', 'bounce', 'delay', 'open', 'click']
const away: RequestListener = (request, response) =>
  void request.resume().on('end', () => response.writeHead(503).end())

it('two senders on one clock outlast a receiver on a file that is away for a while, to the event', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-restart-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const events: AnyEvent[] = []
  let listener = away
  const base = await listening((request, response) => listener(request, response))
  const open = async () => {
    const receiver = createReceiver({
      inbox: sqlite({ path: join(folder, 'inbox.db') }),
      logger: false,
      sources: { shop: momentum({ auth: token(TOKEN) }), cloud: sparkpost({ auth: token(TOKEN) }) },
    })
    receiver.on('*', { name: 'collect' }, (event) => void events.push(event))
    await receiver.start()
    listener = webhooks(receiver)
    return receiver
  }
  const first = await open()
  const clock = virtualClock()
  const senders = { shop: emulateMomentum({ clock, nodes: 2 }), cloud: emulateSparkPost({ clock, seed: 2 }) }
  for (const [source, sender] of Object.entries(senders)) {
    onTestFinished(() => sender.close())
    const { url } = await sender.listen()
    await api(url, 'POST', 'webhooks', { name: source, target: `${base}/${source}`, events: EVENTS, auth_token: TOKEN })
  }
  await clock.advance('1m')
  for (const sender of Object.values(senders)) sender.traffic({ messages: 600, perSecond: 5 })
  await clock.advance('1m')
  await first.close()
  listener = away
  await clock.advance('10m')
  expect(senders.shop.report().waiting.events).toBeGreaterThan(500)
  const second = await open()
  await clock.advance('9h')
  await second.whenIdle()
  await second.close()
  for (const [source, sender] of Object.entries(senders)) {
    const report = sender.report()
    expect(countsOf(events.filter((event) => event.source === source))).toEqual(report.expected)
    expect(report).toMatchObject({ gaveUp: { batches: 0 }, waiting: { events: 0 } })
    expect(report.repeated).toBeGreaterThan(0)
  }
})
