/** Gives claims back: of a process that lives as they were, of one that died as suspects. */
import type { NotedCall } from '../../../ports/inbox/claims.ts'
import type { Session } from '../db/database.ts'
import { leaveOrders } from './orders.ts'

const releasePasses = 'UPDATE @pass SET owner = NULL WHERE owner = $1::int8 AND seq = ANY ($2::int8[])'
const releaseHeld = 'DELETE FROM @held WHERE owner = $1::int8 AND seq = ANY ($2::int8[])'
const forgetNotes = 'DELETE FROM @under_way WHERE owner = $1::int8 AND seq = ANY ($2::int8[])'

const releaseAllPasses = 'UPDATE @pass SET owner = NULL WHERE owner = $1::int8 AND seq <> ALL ($2::int8[])'
const releaseAllHeld = 'DELETE FROM @held WHERE owner = $1::int8 AND seq <> ALL ($2::int8[])'
const forgetAllNotes = 'DELETE FROM @under_way WHERE owner = $1::int8 AND seq <> ALL ($2::int8[])'

const suspectPasses = 'UPDATE @pass SET owner = NULL, careful = true WHERE owner = ANY ($1::int8[])'
const suspectRows = `
  UPDATE @work SET careful = true
  WHERE id IN (SELECT unnest(rows) FROM @held WHERE owner = ANY ($1::int8[]))`
const endHeld = 'DELETE FROM @held WHERE owner = ANY ($1::int8[])'
const endNotes = 'DELETE FROM @under_way WHERE owner = ANY ($1::int8[]) RETURNING seq, calls'
const endCare = 'UPDATE @control SET careful_owner = NULL WHERE careful_owner = ANY ($1::int8[])'
const countDeaths = `
  INSERT INTO @death AS d (seq, element_index, handler, times)
  SELECT seq, element_index, handler, 1 FROM unnest($1::int8[], $2::int4[], $3::text[]) t(seq, element_index, handler)
  ORDER BY seq, element_index, handler
  ON CONFLICT (seq, element_index, handler) DO UPDATE SET times = d.times + 1`

export async function release(session: Session, owner: string, seqs: readonly number[]): Promise<void> {
  await session.all(forgetNotes, owner, seqs)
  await session.all(releaseHeld, owner, seqs)
  await session.all(releasePasses, owner, seqs)
}

/** Releases all claims stored for the process except `kept`: a commit whose answer was lost has left them. */
export async function releaseOthers(session: Session, owner: string, kept: readonly number[]): Promise<void> {
  await session.all(forgetAllNotes, owner, kept)
  await session.all(releaseAllHeld, owner, kept)
  await session.all(releaseAllPasses, owner, kept)
}

/** Makes suspects of the claims of dead processes. Each noted call counts as one death. */
export async function giveBackWithCare(session: Session, owners: readonly string[]): Promise<void> {
  const notes = await session.all<{ seq: number; calls: string }>(endNotes, owners)
  const deaths = notes.flatMap(({ seq, calls }) => callsOf(calls).map((call) => ({ seq, ...call })))
  if (deaths.length > 0)
    await session.all(
      countDeaths,
      deaths.map(({ seq }) => seq),
      deaths.map(({ index }) => index),
      deaths.map(({ handler }) => handler),
    )
  await session.all(suspectRows, owners)
  await session.all(endHeld, owners)
  await session.all(suspectPasses, owners)
  await session.all(endCare, owners)
  await leaveOrders(session, owners)
}

/** The noted calls, each once. */
function callsOf(text: string): NotedCall[] {
  const calls: readonly NotedCall[] = JSON.parse(text)
  return [...new Map(calls.map((call) => [JSON.stringify([call.index, call.handler]), call])).values()]
}
