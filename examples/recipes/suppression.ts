/** A suppression list in PostgreSQL: who must get no more mail, why, and since when. */

import type { Pool } from 'pg'
import type { Receiver } from 'posthorn'
import type { MailjetEvent } from 'posthorn/mailjet'
import type { MomentumEvent } from 'posthorn/momentum'

export const TABLE = `
  create table if not exists suppression (
    email text primary key, why text not null, event_id text not null, since timestamptz not null)`

export function keepSuppressionList(receiver: Receiver<MomentumEvent | MailjetEvent>, pool: Pool): void {
  receiver.on(['effect.suppress', 'effect.unsubscribe'], { name: 'suppression' }, async (event) => {
    // The first reason stays. A repeat of the event, and a later one, change nothing.
    await pool.query(
      'insert into suppression (email, why, event_id, since) values ($1, $2, $3, $4) on conflict (email) do nothing',
      [
        event.email,
        event.type === 'bounced' ? (event.bounce.reason ?? event.bounce.kind) : event.type,
        event.id,
        event.occurredAt,
      ],
    )
  })
}
