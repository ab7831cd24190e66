/** `posthorn inbox … --url`: the inbox of a receiver elsewhere, through its dashboard, by the command line as it is run. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { CLI_SCHEMAS } from '../../scripts/schema/cli.ts'
import { pages } from '../../src/adapters/node.ts'
import { bearer, unauthenticated } from '../../src/auth/index.ts'
import { run } from '../../src/cli/run.ts'
import { type DashboardOptions, dashboard } from '../../src/dashboard/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver, PermanentError } from '../../src/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { toy } from '../support/toy.ts'
import { bounce, click, dumped, newFolder, receiverAt } from './inbox-file.ts'

/** A request that is left without an answer. */
const HANG = Symbol('hang')
const SECRET = 'a secret of some length'
const ends: (() => unknown)[] = []
const said = { out: '', err: '' }

beforeEach(() => {
  vi.stubEnv('POSTHORN_DASHBOARD_BEARER', SECRET)
  vi.stubEnv('TZ', 'UTC')
  for (const [stream, name] of [
    [process.stdout, 'out'],
    [process.stderr, 'err'],
  ] as const)
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said[name] += String(text)
      return true
    })
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  for (const end of ends.splice(0)) await end()
})

/** Its dashboard behind a port, with a way to end it. */
async function boardOf(
  receiver: Parameters<typeof dashboard>[0],
  access: DashboardOptions['access'],
  onRequest: (url: string) => unknown = () => {},
): Promise<string> {
  const board = pages(dashboard(receiver, { auth: bearer(SECRET), ...(access && { access }) }))
  const answer = board as RequestListener
  const server = createServer((request, response) => {
    // Behind a proxy that keeps the prefix, as an application that mounts it there.
    request.url = request.url?.replace(/^\/ops\/?/, '/')
    if (onRequest(request.url ?? '') !== HANG) answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(
    () => server.close(),
    () => server.closeAllConnections(),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** One that works, one that dies, one that cannot be read. */
async function elsewhere(
  access: DashboardOptions['access'] = { people: 'clear' },
  onRequest: (url: string) => unknown = () => {},
) {
  const receiver = createReceiver({
    inbox: memory(),
    sources: { shop: toy(), news: momentum({ auth: unauthenticated() }) },
    logger: false,
  })
  const world = { isUp: false }
  receiver.on('*', { name: 'warehouse' }, ({ payload }) => {
    if (!world.isUp && (payload as { n: number }).n === 2) throw new PermanentError('the database is down')
  })
  const url = await boardOf(receiver, access, onRequest)
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  await receiver.start()
  await receiver.inject('shop', [{ type: 'ping', n: 1, to: 'jo@shop.example', message: 'm-1' }])
  await receiver.inject('shop', [{ type: 'ping', n: 2, to: 'al@shop.example', message: 'm-2' }])
  await receiver.inject('shop', [{ bad: 1 }])
  await receiver.whenIdle()
  /** The exit code, and what was said. */
  const posthorn = (...words: string[]) => posthornAt(url, ...words)
  const posthornAt = async (at: string, ...words: string[]) => {
    ;[said.out, said.err] = ['', '']
    const code = await run(['inbox', ...words, '--url', at])
    const lines = said.out.split('\n').filter((line) => line !== '')
    return { code, lines, json: () => lines.map((line) => JSON.parse(line)), err: said.err }
  }
  return { receiver, posthorn, posthornAt, world, url }
}

it('lists what is there, with the filter and the limit, as text and as the rows of the dashboard', async () => {
  const { posthorn } = await elsewhere()
  expect((await posthorn('ls')).lines).toHaveLength(3)
  const cut = await posthorn('ls', '--limit', '2')
  expect([cut.lines.length, cut.err]).toEqual([2, expect.stringContaining('--after')])
  const [{ id }] = (await posthorn('ls', '--json', '--limit', '1')).json()
  expect((await posthorn('ls', '--after', id)).lines).toHaveLength(2)
  const found = await posthorn('events', 'type:opened', 'since:1h')
  expect(found.lines).toHaveLength(2)
  expect(found.lines.join()).toMatch(/j\*\*\*@shop\.example/)
  const dead = await posthorn('dead', 'handler:warehouse')
  expect(dead.lines).toEqual([expect.stringMatching(/warehouse.*the database is down/)])
  expect((await posthorn('quarantine', '--json')).json()).toMatchObject([
    { source: 'shop', index: 0, since: expect.stringMatching(/^\d{4}-/) },
  ])
  expect((await posthorn('handlers')).lines).toEqual([expect.stringMatching(/^warehouse\t1\t1\t/)])
  expect((await posthorn('stats', '--json')).json()).toMatchObject([{ counts: { dead: 1, quarantine: 1 } }])
  expect(await posthorn('ls', 'source:nobody')).toMatchObject({ code: 2, lines: [] })
})

it('says so where something else answers, and ends with 3', async () => {
  const { posthornAt } = await elsewhere()
  for (const [status, body] of [
    [200, '<h1>It works!</h1>'],
    [200, '{}'],
    [404, 'not found'],
    [405, ''],
  ] as const) {
    const server = createServer((_, response) => void response.writeHead(status).end(body)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(() => server.close())
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    for (const words of [['ls'], ['retry', '--all', '--dry-run']])
      expect(await posthornAt(at, ...words)).toMatchObject({ code: 3, err: expect.stringContaining('no dashboard') })
  }
})

it('finds a person, whose address stands in no URL, and one event', async () => {
  const { posthorn } = await elsewhere({ people: 'masked' })
  const found = await posthorn('person', 'JO@shop.example', 'type:opened', '--json')
  expect(found).toMatchObject({ code: 0 })
  expect(found.json()).toMatchObject([{ who: 'j***@shop.example', type: 'opened' }])
  expect((await posthorn('events', 'to:al@shop.example', '--json')).json()).toHaveLength(1)
  expect(await posthorn('person', 'nobody@shop.example')).toMatchObject({ code: 1, lines: [] })
  const [{ id }] = found.json()
  const shown = await posthorn('show', id)
  expect(shown.lines.join('\n')).toContain(`event\t${id}`)
  expect(shown.lines.join('\n')).not.toContain('jo@')
  expect(await posthorn('show', 'd_aaaaaaaaaaaaaa.0')).toMatchObject({ code: 1 })
})

it('acts as far as the dashboard lets one: shows first, does then, says how it ended', async () => {
  const { posthorn, receiver, world } = await elsewhere({ act: ['retry', 'pause', 'resume', 'erase'] })
  expect(await posthorn('retry', 'handler:warehouse')).toMatchObject({ code: 4 })
  expect(await posthorn('retry', 'handler:warehouse', '--dry-run')).toMatchObject({
    ...{ code: 0, lines: [expect.stringContaining('1 matched')] },
  })
  expect((await receiver.inbox.stats()).deadLetters).toBe(1)
  expect(await posthorn('retry', '--all', '--yes', '--at-most', '1')).toMatchObject({ code: 4 })
  world.isUp = true
  const done = await posthorn('retry', 'handler:warehouse', '--yes')
  expect([done.code, done.lines]).toEqual([0, ['retry: done, 1 of 1']])
  await receiver.whenIdle()
  expect((await receiver.inbox.stats()).deadLetters).toBe(0)
  expect(await posthorn('pause', 'warehouse', '--yes')).toMatchObject({ code: 0 })
  expect((await receiver.inbox.stats()).paused).toMatchObject([{ handler: 'warehouse' }])
  expect(await posthorn('resume', 'warehouse', '--yes')).toMatchObject({ code: 0 })
  expect(await posthorn('erase', 'jo@shop.example', '--yes')).toMatchObject({ code: 0 })
  expect((await posthorn('person', 'jo@shop.example')).lines).toEqual([])
  expect(await posthorn('drop', '--all', '--yes')).toMatchObject({ code: 4, err: expect.stringContaining('"drop"') })
})

it('says who refuses, and what goes with no --url', async () => {
  const { posthorn, url } = await elsewhere()
  expect(await posthorn('ls', '--inbox', 'x.db')).toMatchObject({ code: 2 })
  for (const words of [['export', 'jo@shop.example'], ['diff'], ['backup', 'copy.db']])
    expect(await posthorn(...words)).toMatchObject({ code: 2, err: expect.stringContaining('run it') })
  expect(await posthorn('events', 'tpye:opened')).toMatchObject({ code: 2, err: expect.stringContaining('type') })
  vi.stubEnv('POSTHORN_DASHBOARD_BEARER', 'another secret of that length')
  expect(await posthorn('ls')).toMatchObject({ code: 4, err: expect.stringContaining('401') })
  expect(await run(['inbox', 'ls', '--url', `${url.slice(0, -6)}1/`])).toBe(3)
})

it('checks as beside the file: thresholds and silence, in the words of Nagios', async () => {
  const { posthorn, receiver } = await elsewhere()
  const tolerant = ['--max-dead', '1', '--max-quarantined', '1']
  expect(await posthorn('check', ...tolerant, '--silent', 'shop=1h')).toMatchObject({
    ...{ code: 0, err: '' },
    lines: ['POSTHORN OK - all is well | pending=0 age=0s dead=1 quarantined=1'],
  })
  const found = await posthorn('check', '--silent', 'news=1h')
  expect(found).toMatchObject({
    code: 1,
    lines: [expect.stringMatching(/^POSTHORN WARNING - 1 dead letter; 1 in quarantine; "news" was never heard of \|/)],
  })
  expect(await posthorn('check', '--silent', 'nobody=1h')).toMatchObject({ code: 2 })
  await receiver.close({ timeoutMs: 0 })
  expect(await posthorn('check')).toMatchObject({ code: 3 })
})

it('checks pauses, too, and tells it as the schema says', async () => {
  const { posthorn, receiver } = await elsewhere()
  await receiver.inbox.pause('warehouse')
  const [told] = (await posthorn('check', '--json')).json()
  expect(told.findings.map(({ id }: { id: string }) => id)).toEqual(['dead_letters', 'quarantine', 'handler_paused'])
  expect(CLI_SCHEMAS['inbox check']?.safeParse(told).error).toBeUndefined()
  expect(told.stats).toMatchObject({ deadLetters: 1, quarantined: 1, paused: [{ handler: 'warehouse', by: 'hand' }] })
})

it('lists the senders, and hands out the bytes of a delivery as they are', async () => {
  const { posthorn, receiver } = await elsewhere({ people: 'clear', bytes: true })
  const { lines } = await posthorn('senders', '--fields', 'source,sender,last-delivery')
  expect(lines).toEqual([expect.stringMatching(/^shop\ttoy\t20/), 'news\tmomentum\tnever'])
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x5b, 0xc3])
  await receiver.inject('shop', bytes)
  const [{ id }] = (await posthorn('ls', '--json', '--limit', '1')).json()
  const chunks: unknown[] = []
  vi.mocked(process.stdout.write).mockImplementation((chunk) => chunks.push(chunk) > 0)
  expect((await posthorn('show', id, '--body')).code).toBe(0)
  expect(Buffer.concat(chunks as Uint8Array[])).toEqual(bytes)
})

it('takes an address with a prefix, with and without a slash behind it, and none with credentials', async () => {
  const { posthornAt, url } = await elsewhere()
  for (const path of ['ops', 'ops/', 'ops/?view=dead'])
    expect((await posthornAt(`${url}${path}`, 'ls')).lines).toHaveLength(3)
  const refused = await posthornAt(url.replace('//', '//admin:a-password@'), 'ls')
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('POSTHORN_DASHBOARD_BASIC') })
  expect(refused.err).not.toContain('a-password')
})

it('finds a message whose id has signs of an address line in it, and says what goes with no URL', async () => {
  const { posthorn, receiver } = await elsewhere()
  for (const [n, id] of ['50% off', 'a&view=dead#b', '100%25'].entries()) {
    const event = {
      type: 'click',
      event_id: `${n}`,
      message_id: id,
      timestamp: '1780000000',
      rcpt_to: 'jo@shop.example',
    }
    await receiver.inject('news', JSON.stringify([{ msys: { track_event: event } }]))
    await receiver.whenIdle()
    expect((await posthorn('message', id, '--json')).json()).toMatchObject([{ messageId: id }])
  }
  for (const id of ['a@shop.example', 'x'.repeat(100_000)]) {
    const refused = await posthorn('message', id)
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--inbox') })
    expect(refused.err.length).toBeLessThan(200)
  }
  expect(await posthorn('message', 'of nobody')).toMatchObject({ code: 1 })
})

it('watches what is there and what comes, until a signal', async () => {
  const world: { looks: number; post: () => unknown } = { looks: 0, post: () => {} }
  const { posthorn, receiver } = await elsewhere({ people: 'clear' }, (url) => {
    if (!url.includes('view=deliveries')) return
    if (++world.looks === 2) return world.post()
    if (world.looks > 3) process.emit('SIGINT')
  })
  world.post = () => void receiver.inject('shop', [{ type: 'ping', n: 9 }])
  const watched = await posthorn('ls', '--watch', '--every', '10ms')
  expect([watched.code, watched.err]).toEqual([0, ''])
  expect(new Set(watched.json().map(({ id }) => id)).size).toBe(4)
})

it('ends with 130 at a signal: a listing at once, a verb when its run is stopped', async () => {
  const asked: string[] = []
  const { posthorn, receiver } = await elsewhere({ people: 'clear', act: ['retry'] }, (url) => {
    asked.push(url)
    if (url.includes('view=dead')) {
      process.emit('SIGINT')
      return HANG
    }
    if (url.includes('view=run') && !asked.some((one) => one.includes('do=stop'))) process.emit('SIGINT')
  })
  expect(await posthorn('dead')).toMatchObject({ code: 130, lines: [], err: '' })
  await receiver.inject('shop', [{ type: 'ping', n: 2 }])
  await receiver.whenIdle()
  const stopped = await posthorn('retry', 'handler:warehouse', '--yes', '--rate', '0.01')
  expect([stopped.code, stopped.lines]).toEqual([130, [expect.stringMatching(/^retry: stopped, \d of 2$/)]])
  expect(asked.some((one) => one.includes('do=stop'))).toBe(true)
})

it('tells of an inbox elsewhere what it tells of its file', async () => {
  const path = join(newFolder(), 'inbox.db')
  const { receiver } = receiverAt(path)
  await receiver.start()
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  for (const n of [1, 2]) {
    await receiver.inject('shop', dumped(bounce(n), click(n), { nothing: 'known' }))
    await receiver.whenIdle()
  }
  await receiver.inbox.pause('warehouse')
  const url = await boardOf(receiver, { people: 'clear' })
  const ran = async (...words: string[]) => {
    ;[said.out, said.err] = ['', '']
    return { code: await run(['inbox', ...words]), ...said }
  }
  const letters = (await ran('dead', '--inbox', path, '--json')).out
  const { event } = JSON.parse(letters.split('\n')[0] ?? '')
  for (const words of [
    ['ls', '--limit', '1'],
    ['dead'],
    ['dead', '--group'],
    ['dead', '--limit', '1'],
    ['quarantine', '--limit', '1'],
    ['events', '--limit', '2'],
    ['show', event.id],
    ['show', event.delivery.id],
    ['person', 'jo1@shop.example'],
    ['message', 'message-1'],
  ]) {
    const ofFile = await ran(...words, '--inbox', path)
    expect(ofFile.out).not.toBe('')
    const { out, ...ofBoard } = await ran(...words, '--url', url)
    // The process of the dashboard knows its handlers: a file tells of those alone that have not done it.
    expect([words, { ...ofBoard, out: out.replace('\n\twarehouse: done', '') }]).toEqual([words, ofFile])
  }
  const [there, here] = [await ran('stats', '--url', url), await ran('stats', '--inbox', path)]
  const facts = there.out.split('\n').filter((line) => here.out.split('\n').includes(line))
  expect(facts.map((line) => line.split('\t')[0])).toEqual(
    expect.arrayContaining(['pending', 'dead letters', 'paused']),
  )
  expect(there.out).toMatch(/^verdict\t\w+, 2 findings\n(\t(act|look): .*\n){2}pending/)
  const { findings } = JSON.parse((await ran('stats', '--url', url, '--json')).out)
  expect(findings.map(({ id }: { id: string }) => id)).toContain('dead_letters')
}, 60_000)

it('names the place of a replay that was stopped, and goes on there', async () => {
  const asked: string[] = []
  const { posthorn } = await elsewhere({ people: 'clear', act: ['replay'] }, (url) => {
    asked.push(url)
    if (url.includes('view=run') && !asked.some((one) => one.includes('do=stop'))) process.emit('SIGINT')
  })
  const stopped = await posthorn('replay', '--all', '--yes', '--rate', '0.5')
  expect(stopped).toMatchObject({ code: 130, lines: [expect.stringMatching(/^replay: stopped, 1 of 3$/)] })
  const [, after = ''] =
    /^Stopped\. Go on with the same and --after (\S+); give up .* run:r_\w+\n$/.exec(stopped.err) ?? []
  expect((await posthorn('replay', '--all', '--after', after, '--dry-run')).lines).toEqual([
    expect.stringMatching(/^2 matched/),
  ])
})

it('goes on at --after where a listing was stopped', async () => {
  const { posthorn, receiver } = await elsewhere({ people: 'clear' }, (url) => {
    if (!url.includes('after=')) return
    process.emit('SIGINT')
    return HANG
  })
  for (let n = 0; n < 100; n++) await receiver.inject('shop', [{ type: 'ping', n: 10 + n }])
  const stopped = await posthorn('ls', '--limit', '1000')
  const last = stopped.lines.at(-1)?.split('\t')[1]
  expect([stopped.code, stopped.lines.length, stopped.err]).toEqual([
    130,
    100,
    `Stopped: go on with --after ${last}.\n`,
  ])
})
