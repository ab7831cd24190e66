/** Every event into a table, a thousand at a time, each once. */

import type { Pool } from 'pg'
import type { Receiver } from 'posthorn'
import type { MailjetEvent } from 'posthorn/mailjet'
import type { MomentumEvent } from 'posthorn/momentum'

export const TABLE = `
  create table if not exists mail_event (
    id text primary key, source text not null, name text not null, type text not null, email text, message_id text,
    occurred_at timestamptz not null, received_at timestamptz not null, payload jsonb not null)`

export function fillWarehouse(receiver: Receiver<MomentumEvent | MailjetEvent>, pool: Pool): void {
  receiver.onBatch('*', { name: 'warehouse', size: 1000, maxWaitMs: 2000 }, async (events) => {
    const rows = events.map((event) => ({
      id: event.id,
      source: event.source,
      name: event.name,
      type: event.type,
      email: event.email,
      message_id: event.messageId,
      occurred_at: event.occurredAt,
      received_at: event.receivedAt,
      payload: event.payload,
    }))
    // Called at least once: what is there already is left as it is.
    await pool.query(
      'insert into mail_event select * from jsonb_populate_recordset(null::mail_event, $1) on conflict (id) do nothing',
      [JSON.stringify(rows)],
    )
  })
}
