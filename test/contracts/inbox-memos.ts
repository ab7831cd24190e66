/** The contract of InboxPort, the optional part for what the processes on an inbox remember together. */
import { describe, expect, it } from 'vitest'
import type { Memos } from '../../src/ports/inbox/memos.ts'
import { handClock } from '../inboxes/inbox-kit.ts'
import type { TestInbox } from '../inboxes/test-inbox.ts'
import { type Store, useStore } from './inbox-store.ts'

export function memosOf({ port: { memos } }: TestInbox): Memos {
  if (memos === undefined) throw new Error('the inbox has no memos')
  return memos
}

export function describeMemos(name: string, newStore: () => Store): void {
  describe(`${name} inbox, for what is remembered`, () => {
    const { open, crash } = useStore(newStore)

    it('keeps a text under each name, over a kill and a reopening', async () => {
      const memos = memosOf((await open()).inbox)
      const strange = 'é "quoted" \\ \u0000 \ud83d\ude00 \u2028'
      expect(await memos.read('alerts')).toBeNull()
      const first = await memos.write('alerts', strange, null)
      expect(await memos.write('other', '', null)).toEqual(expect.any(Number))
      await crash()
      const after = memosOf((await open()).inbox)
      expect(await after.read('alerts')).toEqual({ text: strange, version: first })
      const long = 'x'.repeat(300_000)
      const second = await after.write('alerts', long, first)
      expect(second).toBeGreaterThan(Number(first))
      expect(await memosOf((await open()).inbox).read('alerts')).toEqual({ text: long, version: second })
      expect(await memosOf((await open()).inbox).read('other')).toMatchObject({ text: '' })
    })

    it('takes a text in place of that of the version which it was told, and of no other', async () => {
      const memos = memosOf((await open()).inbox)
      const first = (await memos.write('a', 'one', null)) as number
      expect(await memos.write('a', 'two', null)).toBeNull()
      expect(await memos.write('a', 'two', first + 1)).toBeNull()
      expect(await memos.write('b', 'two', first)).toBeNull()
      expect([await memos.read('a'), await memos.read('b')]).toEqual([{ text: 'one', version: first }, null])
      expect(await memos.write('a', 'two', first)).toEqual(expect.any(Number))
      expect(await memos.write('a', 'three', first)).toBeNull()
      expect(await memos.read('a')).toMatchObject({ text: 'two' })
    })

    it('tells one of those who write at the same time that it has', async () => {
      const memos = memosOf((await open()).inbox)
      for (const name of ['new', 'new']) {
        const after = (await memos.read(name))?.version ?? null
        const written = await Promise.all(['x', 'y', 'z'].map((text) => memos.write(name, text, after)))
        const won = written.flatMap((version, at) => (version === null ? [] : [{ version, text: 'xyz'[at] }]))
        expect(won).toHaveLength(1)
        expect(await memos.read(name)).toEqual(won[0])
      }
    })

    it('knows the time, and says when it is closed', async () => {
      const clock = handClock()
      const { inbox } = await open(['a'], clock)
      const memos = memosOf(inbox)
      expect(memos.now()).toBe(clock.now())
      await inbox.close()
      expect(() => memos.now()).toThrow(expect.objectContaining({ code: 'ERR_INBOX_CLOSED' }))
      const closed = { code: 'ERR_INBOX_CLOSED' }
      await expect(memos.read('a')).rejects.toMatchObject(closed)
      await expect(memos.write('a', 'x', null)).rejects.toMatchObject(closed)
    })
  })
}
