/** Looks by time end where what is left is too old, whatever the length of the log. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { Database } from '../../../../src/inboxes/sqlite/file/db/database.ts'
import { listDeliveries } from '../../../../src/inboxes/sqlite/file/log/listing.ts'
import { sqlite } from '../../../../src/inboxes/sqlite/index.ts'
import { listPage } from '../../../../src/inboxes/sqlite/main/list-page.ts'
import { createReceiver } from '../../../../src/index.ts'
import { toy } from '../../../support/toy.ts'

const [DAY_MS, OLD, NEW] = [86_400_000, 2_500, 5]

it('reads one stretch of a log of which the rest is older than a day before since, or newer than until, and all of it for who acts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-listing-'))
  const path = join(folder, 'inbox.db')
  const receiver = createReceiver({ inbox: sqlite({ path }), sources: { shop: toy() }, logger: false })
  await receiver.start()
  const post = (n: number) => receiver.inject('shop', JSON.stringify([{ type: 'ping', n }]))
  await Promise.all(Array.from({ length: OLD + NEW }, (_, n) => post(n)))
  await receiver.close()
  const raw = new DatabaseSync(path)
  raw.exec(`UPDATE delivery SET received_at = received_at - ${3 * DAY_MS} WHERE seq <= ${OLD}`)
  raw.close()
  const db = new Database(path, { readOnly: false })
  const reader = { db, find: () => [] }
  const listed = (isLook: boolean, time: object = { since: Date.now() - 3_600_000 }) => {
    const page = { limit: 100, before: null, ...time, isLook }
    const found: number[] = []
    let stretches = 0
    for (let before: number | null = null; ; stretches++) {
      const { rows, next } = listDeliveries(reader, { page, before, limit: 100 })
      found.push(...rows.map(({ seq }) => seq))
      if (next === null) return { found, stretches: stretches + 1 }
      before = next
    }
  }
  const newest = Array.from({ length: NEW }, (_, n) => OLD + NEW - n)
  expect(listed(true)).toEqual({ found: newest, stretches: 1 })
  expect(listed(false)).toEqual({ found: newest, stretches: 3 })
  db.exec(
    `UPDATE delivery SET received_at = received_at + CASE WHEN seq <= ${OLD} THEN ${3 * DAY_MS} ELSE 0 END
       - CASE WHEN seq <= ${NEW} THEN ${3 * DAY_MS} ELSE 0 END`,
  )
  const oldest = Array.from({ length: NEW }, (_, n) => NEW - n)
  const until = Date.now() - 1.5 * DAY_MS
  expect(listed(true, { until })).toEqual({ found: oldest, stretches: 1 })
  expect(listed(false, { until })).toEqual({ found: oldest, stretches: 3 })
  // Behind a row, too.
  expect(
    listDeliveries(reader, { page: { limit: 9, before: 3, until, isLook: true }, before: 3, limit: 9 }).rows,
  ).toHaveLength(2)
  db.close()
  rmSync(folder, { recursive: true })
})

it('ends a page whose reader has left with the rows that it has, between two stretches', async () => {
  const left = new AbortController()
  const asked: unknown[] = []
  const caller = {
    async call(_: string, request: unknown) {
      asked.push(request)
      if (asked.length === 2) left.abort()
      return { rows: [], next: 1_000 - asked.length }
    },
  }
  const page = { before: null, limit: 10, source: 'shop', signal: left.signal }
  expect(await listPage(caller as never, 'deliveries', page)).toEqual([])
  expect(asked).toEqual([
    { page: { before: null, limit: 10, source: 'shop' }, before: null, limit: 10 },
    { page: { before: null, limit: 10, source: 'shop' }, before: 999, limit: 10 },
  ])
})
