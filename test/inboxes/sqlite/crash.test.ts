import { expect, it } from 'vitest'
import type { Thread } from '../../../src/inboxes/sqlite/main/thread.ts'
import type { Claim } from '../../../src/ports/inbox/claims.ts'
import { firstPass, openWith, retried, row, START } from '../inbox-kit.ts'
import { BEFORE_TURNS, inboxOn, killedAtWork, meddle, newFile, startChild } from './kit.ts'

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
  // What the child had claimed comes first, and nothing else with it.
  for (let some = await claim(); some.length > 0; some = await claim()) {
    for (const claimed of some) claims.set(claimed.delivery.seq, claimed)
    for (const one of some) if (one.careful) await inbox.settle(one.rows ? retried(one) : firstPass(one.delivery.seq))
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

it('knows what it handles with care when its thread is started again', async () => {
  const path = await killedAtWork()
  const threads: Thread[] = []
  const { inbox, claim } = await openWith(inboxOn(path, { onThread: (thread) => threads.push(thread) }), ['a'])
  const restart = async () => {
    await threads.at(-1)!.worker.terminate()
    await expect.poll(() => inbox.trouble(), { timeout: 20_000 }).toBeNull()
  }
  await restart()
  const deaths = [{ index: 3, handler: 'a', times: 1 }]
  expect(await claim()).toMatchObject([{ delivery: { seq: 1 }, careful: true, deaths }])
  await inbox.note(1, [{ index: 3, handler: 'a' }])
  await restart()
  // Still alone; and this process lives, so nothing more has died.
  expect(await claim()).toEqual([])
  await inbox.settle(firstPass(1, { rows: [row('a', START)] }))
  const claims = await claim()
  expect(claims.map(({ delivery, careful, deaths }) => [delivery.seq, careful, deaths])).toEqual([
    [1, false, deaths],
    [2, false, []],
  ])
})

it('counts what was under way when a process died that noted one event at a time', async () => {
  const path = await killedAtWork()
  meddle(path, (db) =>
    db.exec(`${BEFORE_TURNS}
             DROP TABLE under_way;
             CREATE TABLE under_way (seq INTEGER PRIMARY KEY, element_index INTEGER NOT NULL, handler TEXT NOT NULL) STRICT;
             INSERT INTO under_way VALUES (1, 3, 'a');
             PRAGMA user_version = 2`),
  )
  const { claim } = await openWith(inboxOn(path), ['a'])
  const deaths = [{ index: 3, handler: 'a', times: 1 }]
  expect(await claim()).toMatchObject([{ delivery: { seq: 1 }, careful: true, deaths }])
})
