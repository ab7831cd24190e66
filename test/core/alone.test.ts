/** A script without a server runs to its end: what it awaits keeps its process alive, in both roles. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { Child } from '../support/child.ts'
import { toy } from '../support/toy.ts'

const SCRIPT = new URL('../fixtures/alone.ts', import.meta.url).pathname
const undo: (() => unknown)[] = []

afterEach(async () => {
  for (const run of undo.splice(0).reverse()) await run()
})

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-alone-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  return join(folder, 'inbox.db')
}

/** What came of each call of the script, once it has ended. */
async function run(path: string, role: string): Promise<Map<unknown, unknown>> {
  const child = new Child(SCRIPT, [path, role], { NODE_OPTIONS: '--disable-warning=ExperimentalWarning' })
  undo.push(() => child.kill())
  const { code } = await child.exited
  const results = new Map(child.lines.map(({ name, result }) => [name, result]))
  expect({ code, last: child.lines.at(-1)?.name, stderr: child.stderr }).toEqual({ code: 0, last: 'end', stderr: '' })
  expect(results.has('left')).toBe(false)
  return results
}

const ONLY_OWNER = ['inject', 'whenIdle', 'handle', 'drain']

test('with a receiver of its own', async () => {
  const results = await run(newPath(), 'both')
  const { receiver, inbox } = results.get('all') as Record<'receiver' | 'inbox', string[]>
  expect([...results.keys()]).toEqual(expect.arrayContaining([...receiver, ...inbox, 'handle', 'dispose']))
  expect(inbox.length).toBeGreaterThan(15)
  expect(Object.fromEntries(results)).toMatchObject({ whenIdle: 2, handle: 200, drain: 4 })
  expect(Object.fromEntries(results)).toMatchObject({ deadLetters: 4, export: 2, replay: 4, retry: 4, erase: 2 })
})

test('beside the owner of the file', async () => {
  const path = newPath()
  const owner = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
  undo.push(() => owner.close())
  owner.on('toy.ping', { name: 'fails', retry: { attempts: 1 } }, async () => {
    throw new Error('no')
  })
  owner.on('*', { name: 'gathers' }, async () => {})
  const to = 'jo@shop.example'
  await owner.inject('shop', [
    { type: 'ping', to },
    { type: 'ping', to },
  ])
  await owner.whenIdle()
  const results = await run(path, 'control')
  const { inbox } = results.get('all') as { inbox: string[] }
  expect([...results.keys()]).toEqual(expect.arrayContaining(inbox))
  expect(ONLY_OWNER.some((name) => results.has(name))).toBe(false)
  expect(Object.fromEntries(results)).toMatchObject({ deadLetters: 2, export: 2, replay: 2, retry: 2, erase: 2 })
})
