/** Small scenarios that tell what is wrong: nothing with the source as it is, something with a fault put in. */
import { DatabaseSync } from 'node:sqlite'
import { expect, vi } from 'vitest'
import { later } from './cleanup.ts'
import { Site } from './site.ts'
import { surviveOn } from './supervisor.ts'

export type Scenario = (root: string | undefined) => Promise<readonly string[]>

const soon = { retry: { minMs: 1, maxMs: 1, attempts: 2 } }

function newSite(root: string | undefined): Site {
  return new Site(root === undefined ? {} : { root })
}

export const SCENARIOS = {
  /** Nothing can be committed while a post comes in; then the process dies. */
  'locked and killed': async (root) => {
    const site = newSite(root)
    const running = await site.start({ handler: 'none' })
    await running.sender.deliver(site.ledger.add([{}]))
    const other = new DatabaseSync(site.path, { timeout: 5_000 })
    later(() => other.close())
    other.exec('BEGIN IMMEDIATE')
    await running.sender.post(site.ledger.add([{}]))
    await running.kill()
    return (await site.audit()).faults
  },
  /** The first settlement, whenever it comes, is the last thing the process does. */
  'stopped in the handler': async (root) => {
    const site = newSite(root)
    const running = await site.start({ handler: 'hang', killAt: 'settled', closeMs: 200 })
    await running.sender.deliver(site.ledger.add([{}, {}]))
    await running.child.line('called')
    // What is under way is given back now, if it was not settled before.
    await running.end()
    return (await site.audit()).faults
  },
  'killed in the handler, and started again': async (root) => {
    const site = newSite(root)
    const killed = await site.start({ handler: 'hang' })
    await killed.sender.deliver(site.ledger.add([{}]))
    await killed.child.line('called')
    await killed.kill()
    const next = await site.start()
    // Handed out after the older one, so that one is under way too when this one is handled.
    const { first } = site.ledger.add([{}])
    await next.sender.load(1, () => null)
    await vi.waitFor(() => expect(site.effects().map(({ n }) => n)).toContain(first), 20_000)
    await next.end()
    const { faults, pending } = await site.audit()
    return pending === 0 ? faults : [...faults, `left waiting: ${pending}`]
  },
  'a handler that fails for good': async (root) => {
    const site = newSite(root)
    const running = await site.start(soon)
    await running.sender.deliver(site.ledger.add([{}, { do: 'throw' }, {}]))
    await running.control('settled')
    await running.end()
    return (await site.audit()).faults
  },
  'one batch id, other bytes': async (root) => {
    const site = newSite(root)
    const running = await site.start()
    await running.sender.deliver(site.ledger.add([{}], 'one'))
    await running.sender.deliver(site.ledger.add([{}], 'one'))
    await running.end()
    return (await site.audit()).faults
  },
  'the same twice': async (root) => {
    const site = newSite(root)
    const running = await site.start()
    const sent = site.ledger.add([{}])
    const { body } = sent
    await running.sender.deliver(sent)
    sent.body = body
    await running.sender.deliver(sent)
    await running.end()
    return (await site.audit()).faults
  },
  'bytes that JSON could write otherwise': async (root) => {
    const site = newSite(root)
    const running = await site.start()
    await running.sender.deliver(site.ledger.addBody(Buffer.from('[ {"type":"p\\u0069ng", "n":1e0} ]\n')))
    await running.end()
    return (await site.audit()).faults
  },
  'an event that kills': async (root) => {
    const site = newSite(root)
    const first = await site.start(soon)
    await first.sender.post(site.ledger.add([{}, { do: 'kill' }, {}]))
    await first.child.exited
    const { deaths, last } = await surviveOn(site, soon, 6)
    await last?.end()
    return last === null ? [`died ${deaths} times and never came through`] : (await site.audit()).faults
  },
  'started twice': async (root) => {
    const site = newSite(root)
    await site.start()
    const second = await site.launch({ ownerWaitMs: 0 })
    const said = await Promise.race([second.child.line('open'), second.child.line('refused')])
    return 'open' in said ? ['two processes own the file'] : []
  },
} satisfies Record<string, Scenario>
