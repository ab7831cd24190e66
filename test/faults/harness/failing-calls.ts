/** A call to the disk that fails while ten deliveries are stored and handled. */
import { expect, vi } from 'vitest'
import { small } from './bodies.ts'
import { endsWell } from './endings.ts'
import { type Running, Site } from './site.ts'
import { filesOf, type Injection, type Tampering, tamper } from './strace.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

/** How many calls had the fault; 0: there are not so many of them. */
export async function oneCallFails(injection: Omit<Injection, 'files'>): Promise<number> {
  const site = new Site()
  const running = await site.start(soon)
  const tampering = await tamper(running.pid, { ...injection, files: filesOf(site.path) })
  await deliverTen(site, running)
  await running.control('settled')
  await tampering.stop()
  await isReady(running, true)
  await endsWell(site, running)
  return tampered(tampering)
}

/** Ten deliveries, each repeated until it is acknowledged, one after the other: two at once share their commits. */
export async function deliverTen(site: Site, running: Running): Promise<void> {
  const next = small(site.ledger)
  let left = 10
  await running.sender.load(1, () => (left-- > 0 ? next() : null))
}

export async function isReady(running: Running, ready: boolean): Promise<void> {
  const health = () => running.control('health')
  await vi.waitFor(async () => expect(await health()).toMatchObject({ ready }), { timeout: 20_000 })
}

export const tampered = (tampering: Tampering) => tampering.log().filter((line) => line.includes('(INJECTED)')).length
