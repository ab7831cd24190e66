import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memory } from 'posthorn/memory'
import { sqlite } from 'posthorn/sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CaseReport } from '../../src/conformance/case.ts'
import { casesOf } from '../../src/conformance/run.ts'
import { SENDER_NAMES, type SenderName } from '../../src/conformance/senders.ts'
import { hosts } from '../contracts/hosts.ts'
import { idsOf, senderOf, tried } from './kit.ts'
import { everySource } from './sources.ts'

const RESTARTS = ['killed-before-answer', 'killed-after-answer']

const inboxes = {
  memory: () => memory(),
  sqlite: () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-conformance-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    return sqlite({ path: join(folder, 'inbox.db') })
  },
}

/** The bodies that dribble take their time together; what makes large batches would hold their clocks up. */
async function reportsOf(base: string): Promise<Map<SenderName, CaseReport[]>> {
  const reports = new Map<SenderName, CaseReport[]>()
  for (const name of SENDER_NAMES) reports.set(name, await tried(name, base, {}, (id) => id !== 'slow-body'))
  const slow = (name: SenderName) => tried(name, base, {}, (id) => id === 'slow-body')
  const more = await Promise.all(SENDER_NAMES.map(slow))
  for (const [at, name] of SENDER_NAMES.entries()) reports.get(name)?.push(...(more[at] ?? []))
  return reports
}

describe.each(hosts)('a receiver on $name', ({ listen }) => {
  it.each(['memory', 'sqlite'] as const)('passes every case over %s', { timeout: 120_000 }, async (kind) => {
    const receiver = everySource(inboxes[kind]())
    receiver.on('*', { name: 'all' }, () => {})
    await receiver.start()
    const handle = (request: Request) => receiver.handle(request)
    const host = await listen({ receiver, handle, source: 'momentum' })
    onTestFinished(async () => {
      await host.close()
      await receiver.close()
    })
    for (const [name, reports] of await reportsOf(`http://127.0.0.1:${host.port}/webhooks`)) {
      expect(reports.filter(({ result }) => result === 'failed')).toEqual([])
      expect(idsOf(reports, 'skipped')).toEqual(RESTARTS)
      expect(reports.length).toBe(casesOf(senderOf(name)).length)
    }
  })
})
