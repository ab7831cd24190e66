import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Runner } from '../../../src/core/call/runner.ts'
import { Task } from '../../../src/core/call/task.ts'
import type { HandlerSpec } from '../../../src/core/handlers/spec.ts'
import { Teller } from '../../../src/core/tell/teller.ts'
import type { AnyEvent } from '../../../src/index.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { unheard } from '../../support/telling.ts'

describe('a fact', () => {
  it('reaches its listeners in the order in which they came, until they are taken off', () => {
    const teller = new Teller()
    const seen: string[] = []
    const off = teller.on('probed', ({ source }) => void seen.push(`first ${source}`))
    teller.listen({ probed: ({ source }) => void seen.push(`second ${source}`) })
    teller.tell('probed', { source: 'shop' })
    off()
    teller.tell('probed', { source: 'shop' })
    expect(seen).toEqual(['first shop', 'second shop', 'second shop'])
  })

  it('may take a listener off while it is told', () => {
    const teller = new Teller()
    const seen: string[] = []
    const off = teller.on('probed', () => off())
    teller.on('probed', () => void seen.push('heard'))
    teller.tell('probed', { source: 'shop' })
    expect([seen, teller.hears('probed'), teller.hears('called')]).toEqual([['heard'], true, false])
  })

  it('is told somewhere, whichever it is', () => {
    const src = join(import.meta.dirname, '../../../src')
    const read = (path: string) => readFileSync(join(src, path), 'utf8')
    const code = globSync('core/**/*.ts', { cwd: src }).map(read).join('\n')
    const map = read('ports/telling.ts').match(/export interface Facts \{\n([\s\S]*?)\n\}/)?.[1] ?? ''
    const names = [...map.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => String(name))
    expect(names.length).toBeGreaterThan(20)
    expect(names.filter((name) => !new RegExp(`\\btell\\(\\s*'${name}'`).test(code))).toEqual([])
  })
})

describe('a call of a handler', () => {
  const spec: HandlerSpec = {
    ...{ name: 'a', formerly: [], patterns: ['*'], words: new Set(['*']), sources: null, tests: true },
    ...{ retry: { attempts: 1, minMs: 1, maxMs: 1 }, timeoutMs: 1_000, concurrency: 1, size: 1, maxWaitMs: 0 },
    ...{ each: () => undefined, orderBy: null, batch: null },
  }
  class Waiting extends Task {
    readonly event = {} as AnyEvent
    readonly attempts = 0
    readonly alone = false
    done(): void {}
  }

  async function toldOf(hears: boolean, clock: FakeClock, each: HandlerSpec['each'], meanwhile: () => unknown) {
    const tell = vi.fn()
    const pacer = { spent: () => false, breathe: async () => {} }
    const parts = {
      ...unheard,
      tell,
      hears: () => hears,
      clock,
      pacer,
      pauses: false,
      mayBegin: () => true,
      onPause() {},
      onRoom() {},
    }
    new Runner({ ...spec, each }, parts).submit(new Waiting())
    await meanwhile()
    await settled()
    return tell.mock.calls
  }

  it('is measured for those who listen, also one that is cut', async () => {
    const clock = new FakeClock()
    const called = await toldOf(
      true,
      clock,
      () => new Promise(() => {}),
      () => clock.advance(1_000),
    )
    expect(called).toEqual([['called', { handler: 'a', events: 1, result: 'failed', ms: 1_000 }]])
  })

  it('is nothing to tell of where nobody listens', async () => {
    expect(
      await toldOf(
        false,
        new FakeClock(),
        () => undefined,
        () => {},
      ),
    ).toEqual([])
  })
})
