import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Receiver } from '../src/public/receiver.ts'
import { momentumSamples, momentumWire } from '../src/testing/samples/momentum.ts'
import type { AnyEvent } from '../src/types.ts'

interface FirstScreen {
  readonly receiver: Receiver<AnyEvent>
  readonly port: Promise<number>
  readonly suppressions: Set<string>
  readonly tracked: (string | undefined)[]
  readonly inserted: AnyEvent[]
}

/** The first program of the README, with what it leaves to its reader filled in. */
function firstScreen(folder: string): string {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const reader = `
    export const suppressions = new Set(), tracked = [], inserted = []
    const track = (url) => tracked.push(url)
    const warehouse = { insert: async (events) => { inserted.push(...events) } }
    let listening
    export const port = new Promise((resolve) => { listening = resolve })
  `
  const file = join(folder, 'first-screen.js')
  const runnable = program
    .replace('./posthorn.db', join(folder, 'posthorn.db'))
    .replace('.listen(3000)', '.listen(0, function () { listening(this.address().port) })')
    .replace('const receiver', 'export const receiver')
  writeFileSync(file, reader + runnable)
  return file
}

describe('the first screen of the README', () => {
  it('runs as it stands', async () => {
    const folder = mkdtempSync(join(import.meta.dirname, 'first-screen-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    vi.stubEnv('MOMENTUM_TOKEN', 'a-token-of-some-length')
    const signals = ['SIGTERM', 'SIGINT'].map((signal) => [signal, process.listenerCount(signal)] as const)
    const screen = (await import(/* @vite-ignore */ firstScreen(folder))) as FirstScreen
    for (const [signal, before] of signals) expect(process.listenerCount(signal)).toBe(before + 1)
    const url = `http://127.0.0.1:${await screen.port}/webhooks/shop`
    const bounce = momentumWire('momentum.bounce', momentumSamples['momentum.bounce'].bounced)
    const click = momentumWire('momentum.click', momentumSamples['momentum.click'].clicked)
    const post = (token: string) =>
      fetch(url, { method: 'POST', body: `[${bounce},${click}]`, headers: { 'x-messagesystems-webhook-token': token } })
    expect((await post('guess')).status).toBe(401)
    expect((await post('a-token-of-some-length')).status).toBe(200)
    await screen.receiver.whenIdle()
    expect([...screen.suppressions]).toEqual([expect.stringContaining('@')])
    expect(screen.tracked).toEqual([expect.stringMatching(/^https:/)])
    expect(screen.inserted.map((event) => event.name)).toEqual(['momentum.bounce', 'momentum.click'])
    await screen.receiver.close()
  })
})
