/** Tells when more than 60 % of the mail to one domain was blocked within 15 minutes. */
import type { Receiver } from 'posthorn'
import type { MailjetEvent } from 'posthorn/mailjet'
import type { MomentumEvent } from 'posthorn/momentum'

const MINUTES = 15
const SHARE = 0.6
/** Of fewer mails a share says little. */
const AT_LEAST = 50

export function watchBlocks(
  receiver: Receiver<MomentumEvent | MailjetEvent>,
  tell: (domain: string, share: number) => Promise<void>,
): void {
  /** By domain and minute. */
  const counts = new Map<string, Map<number, { all: number; blocked: number }>>()
  const toldAt = new Map<string, number>()

  receiver.on(['delivered', 'bounced', 'deferred'], { name: 'blocked-domain', concurrency: 1 }, async (event) => {
    const domain = event.email?.split('@').at(-1)
    if (domain === undefined || event.isTest || event.isReplay) return
    const minute = Math.floor(event.occurredAt.getTime() / 60_000)
    const minutes = counts.get(domain) ?? new Map<number, { all: number; blocked: number }>()
    counts.set(domain, minutes)
    const count = minutes.get(minute) ?? { all: 0, blocked: 0 }
    count.all += 1
    if (event.type !== 'delivered' && event.bounce.kind === 'block') count.blocked += 1
    minutes.set(minute, count)

    const newest = Math.max(...minutes.keys())
    for (const old of minutes.keys()) if (old <= newest - MINUTES) minutes.delete(old)
    let [all, blocked] = [0, 0]
    for (const one of minutes.values()) [all, blocked] = [all + one.all, blocked + one.blocked]
    if (all < AT_LEAST || blocked / all <= SHARE || newest < (toldAt.get(domain) ?? 0) + MINUTES) return
    await tell(domain, blocked / all)
    toldAt.set(domain, newest)
  })
}
