/** Addresses that do not exist, out of a CRM with an HTTP API. */
import { PermanentError, type Receiver, RetryLater } from 'posthorn'
import type { MailjetEvent } from 'posthorn/mailjet'
import type { MomentumEvent } from 'posthorn/momentum'

export function cleanCrm(receiver: Receiver<MomentumEvent | MailjetEvent>, crm: string, key: string): void {
  receiver.on('bounced', { name: 'crm-user-unknown', concurrency: 4 }, async (event, { signal }) => {
    if (event.effect !== 'suppress') return
    const response = await fetch(`${crm}/contacts/${encodeURIComponent(event.email ?? '')}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': event.id },
      body: JSON.stringify({ emailStatus: 'unknown', reason: event.bounce.reason }),
      signal,
    })
    if (response.ok || response.status === 404) return
    if (response.status === 429)
      throw new RetryLater({ afterMs: 1000 * Number(response.headers.get('retry-after') ?? 10) })
    // The request itself is wrong: the same one will not do better.
    if (response.status < 500) throw new PermanentError(`the CRM answered ${response.status}`)
    throw new Error(`the CRM answered ${response.status}`)
  })
}
