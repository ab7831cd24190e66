import { expect, it } from 'vitest'
import type { Claim } from '../../../src/core/ports.ts'
import { firstPass, openWith, retried } from '../inbox-kit.ts'
import { inboxOn, newFile, startChild } from './kit.ts'

it('keeps everything it acknowledged when the process is killed', async () => {
  const path = newFile()
  for (const round of [1, 2, 3]) {
    const child = startChild('load', path)
    await expect.poll(() => child.lines.length || child.stderr(), { timeout: 20_000 }).toBeGreaterThan(150 * round)
    child.process.kill('SIGKILL')
    expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL' })
    await verify(path, child.lines)
  }
}, 60_000)

/** The last line may be cut. */
const whole = /^(accepted|settled|retried) (\d+)(?: (\d+))?$/

async function verify(path: string, lines: readonly string[]): Promise<void> {
  const inbox = inboxOn(path)
  const { claim } = await openWith(inbox, ['a'])
  const { pending } = await inbox.stats()
  const claims = new Map<number, Claim>()
  // What the child had claimed comes alone, and first.
  for (let some = await claim(); some.length > 0; some = await claim()) {
    for (const claimed of some) claims.set(claimed.delivery.seq, claimed)
    const [first] = some
    if (first?.careful) await inbox.settle(first.rows ? retried(first) : firstPass(first.delivery.seq))
  }
  expect(pending).toBe(claims.size)
  expect([...claims.values()].some(({ careful }) => careful)).toBe(true)
  const kinds = new Set<string>()
  for (const line of lines.slice(0, -1)) {
    const [, verb, number, name] = whole.exec(line) ?? []
    const seq = Number(number)
    if (verb) kinds.add(verb)
    if (verb === 'accepted') {
      const body = Buffer.from((await inbox.delivery(`d_${name}`))!.body).toString()
      expect(JSON.parse(body)[0]).toBe(name)
      // The child settles none of these.
      if (seq % 3 === 0) expect(claims.get(seq)?.rows).toBeNull()
    }
    if (verb === 'settled') expect(claims.get(seq)?.rows).not.toBeNull()
    if (verb === 'retried') expect(claims.has(seq)).toBe(false)
  }
  expect([...kinds].sort()).toEqual(['accepted', 'retried', 'settled'])
  await inbox.close()
}
