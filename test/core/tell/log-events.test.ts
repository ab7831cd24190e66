/** Lines of the log as data: a stable id, and as fields what the sentence says. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { header } from '../../../src/auth/index.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { createReceiver, PermanentError } from '../../../src/index.ts'
import { rememberingLogger } from '../../support/log.ts'
import { toy } from '../../support/toy.ts'

const root = join(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const part = read('docs/operations.md').match(/<!-- log events: generated -->\n([\s\S]*?)<!-- end -->/)?.[1] ?? ''
const documented = new Map(
  [...part.matchAll(/^\| `([\w.]+)` \| ([\w, ]+) \| ([^|]*) \|/gm)].map(([, id, levels, facts]) => [
    String(id),
    { levels: String(levels).split(', '), facts: [...String(facts).matchAll(/`(\w+)`/g)].map(([, fact]) => fact) },
  ]),
)

it('lists in the docs each id that the code has, and none besides', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('types.ts'))
  const code = sources.map(read).join('\n')
  const union = read('src/types.ts').match(/export type LogEvent =\n([\s\S]*?)\n\n/)?.[1] ?? ''
  const ids = [...union.matchAll(/'([\w.]+)'/g)].map(([, id]) => String(id))
  expect([...documented.keys()]).toEqual(ids)
  expect(ids.filter((id) => !code.includes(`'${id}'`))).toEqual([])
})

it('gives each line its id and its facts', async () => {
  const refused = Object.assign(new Error('connect to jo@shop.example'), { code: 'ECONNREFUSED' })
  const logger = rememberingLogger()
  const receiver = createReceiver({
    inbox: memory(),
    sources: { shop: toy({ auth: header('x-key', 'short') }) },
    logger,
    hooks: {
      deadLettered() {
        throw new RangeError('down', { cause: refused })
      },
    },
  })
  receiver.on('toy.ping', { name: 'dies' }, () => {
    throw new PermanentError('never', { cause: refused })
  })
  receiver.on('toy.ping', { name: 'fails', retry: { attempts: 2, minMs: 0, maxMs: 0 } }, () => {
    throw Object.assign(new Error('no', { cause: refused }), { code: 'ENO' })
  })
  await receiver.start()
  const post = (body: string, key = 'short', method = 'POST') =>
    receiver.handle(
      new Request('http://localhost/shop', { method, headers: { 'x-key': key }, ...(method === 'POST' && { body }) }),
    )
  await post('', 'short', 'HEAD')
  await post('[{"type":"ping"},{"type":"pong"},{"type":"new"},5]')
  await post('no json')
  await post('', 'wrong')
  await receiver.whenIdle()
  await receiver.inbox.pause('dies')
  await receiver.inbox.resume('dies')
  await receiver.close()

  const seen = new Map(logger.lines.map(({ level, facts }) => [(facts as { event?: string }).event, { level, facts }]))
  for (const [id, { level, facts }] of seen) {
    const row = documented.get(String(id))
    expect(row?.levels, id).toContain(level)
    const { event: _, times: __, ...rest } = facts as Record<string, unknown>
    expect(row?.facts, id).toEqual(expect.arrayContaining(Object.keys(rest)))
  }
  const facts = (id: string) => seen.get(id)?.facts
  expect(facts('start')).toMatchObject({ sources: { shop: 'toy' }, inbox: 'memory' })
  expect(facts('auth.refused')).toMatchObject({ source: 'shop', reason: 'credential_wrong' })
  expect(facts('handler.failed')).toMatchObject({ handler: 'fails', source: 'shop', code: 'ENO', attempt: 1 })
  expect(facts('handler.dead')).toMatchObject({ source: 'shop', eventName: 'toy.ping' })
  for (const id of ['handler.failed', 'handler.dead', 'hook.threw'])
    expect(facts(id), id).toMatchObject({ causeCode: 'ECONNREFUSED' })
  expect(facts('hook.threw')).toMatchObject({
    hook: 'deadLettered',
    code: 'RangeError',
    frame: expect.stringMatching(/log-events\.test\.ts:\d+:\d+$/),
  })
  expect(facts('event.unhandled')).toMatchObject({ source: 'shop', eventName: 'toy.pong', count: 1 })
  expect(facts('quarantine.delivery')).toMatchObject({ source: 'shop', index: null, reason: expect.any(String) })
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining(['source.checked', 'secret.short', 'inbox.in_memory', 'quarantine.element']),
  )
})
