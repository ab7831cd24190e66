/**
 * Counts by time are appended in the transaction that stores what they count, and folded later: a row that everybody updates
 * would be waited for until the commit of each, and while anybody holds a snapshot its versions would be walked through again
 * and again.
 */
import type { Observed } from '../../../ports/inbox/look.ts'
import { Counts, tellObserved } from '../../rules/tally.ts'
import type { Session } from '../db/database.ts'
import type { Known } from './known.ts'

const appendTold = `
  INSERT INTO @told (at, source, word, n, sum)
  SELECT * FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[], $5::int8[])`

/** For `unnest`: minutes, sources, words, numbers, sums. */
export type ToldColumns = [at: number[], source: string[], word: string[], n: number[], sum: number[]]

export function columnsOf(counts: Counts): ToldColumns {
  const columns: ToldColumns = [[], [], [], [], []]
  for (const { minute, source, word, n, sum } of counts.all()) {
    columns[0].push(minute)
    columns[1].push(source)
    columns[2].push(JSON.stringify(word))
    columns[3].push(n)
    columns[4].push(sum)
  }
  return columns
}

export async function appendCounts(tx: Pick<Session, 'all'>, counts: Counts): Promise<void> {
  const columns = columnsOf(counts)
  if (columns[0].length > 0) await tx.all(appendTold, ...columns)
}

export async function writeObserved(
  db: Pick<Session, 'all'>,
  known: Known,
  observed: readonly Observed[],
): Promise<void> {
  const counts = new Counts(known.words)
  tellObserved(observed, counts)
  await appendCounts(db, counts)
}
