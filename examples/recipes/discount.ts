/** A discount, once, for who opens a mail within 24 hours after it was delivered. */

import type { Pool } from 'pg'
import { type Receiver, RetryLater } from 'posthorn'
import type { MomentumEvent } from 'posthorn/momentum'

export const TABLES = `
  create table if not exists delivered (message_id text primary key, at timestamptz not null);
  create table if not exists discount (email text primary key, event_id text not null)`

const DAY_MS = 24 * 3_600_000

export function giveDiscounts(
  receiver: Receiver<MomentumEvent>,
  pool: Pool,
  send: (email: string, key: string) => Promise<void>,
): void {
  receiver.on('delivered', { name: 'delivered-at' }, async (event) => {
    await pool.query('insert into delivered (message_id, at) values ($1, $2) on conflict do nothing', [
      event.messageId,
      event.occurredAt,
    ])
  })

  receiver.on('opened', { name: 'discount' }, async (event, { attempt }) => {
    // Mail apps that load every picture open for nobody.
    if (event.email === null || event.automated === true || !event.open.counts) return
    const { rows } = await pool.query<{ at: Date }>('select at from delivered where message_id = $1', [event.messageId])
    const [delivered] = rows
    if (delivered === undefined) {
      // The senders promise no order: an open can come before its delivery.
      if (attempt < 10) throw new RetryLater({ afterMs: 60_000 })
      return
    }
    if (event.occurredAt.getTime() - delivered.at.getTime() > DAY_MS) return
    await pool.query('insert into discount (email, event_id) values ($1, $2) on conflict do nothing', [
      event.email,
      event.id,
    ])
    const given = await pool.query<{ event_id: string }>('select event_id from discount where email = $1', [
      event.email,
    ])
    // Only the event that has the row sends; a repeat of it sends with the same key.
    if (given.rows[0]?.event_id === event.id) await send(event.email, event.id)
  })
}
