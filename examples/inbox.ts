/** A look into the inbox, newest first. */
import { createReceiver, type DeadLetter, type QuarantineFilter } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
})

const { pending, oldestPendingAt, deadLetters, quarantined, unhandled } = await receiver.inbox.stats()
console.log({ pending, oldestPendingAt: oldestPendingAt?.toISOString(), deadLetters, quarantined, unhandled })

const lastDay: QuarantineFilter = { since: new Date(Date.now() - 86_400_000), source: 'shop' }
const told = ({ event, handler, attempts, errors }: DeadLetter) =>
  `${event.id} ${handler} ${attempts} ${errors.map(({ at, message }) => `${at.toISOString()} ${message}`).join('; ')}`

for await (const letter of receiver.inbox.deadLetters({ ...lastDay, handler: 'suppress' })) console.log(told(letter))
for await (const item of receiver.inbox.quarantine(lastDay))
  console.log(item.deliveryId, item.index ?? 'the whole delivery', item.reason, item.path)
for await (const { id, receivedAt, events, senderLeft, duplicates } of receiver.inbox.deliveries()) {
  console.log(id, receivedAt.toISOString(), events ?? 'not read yet', senderLeft, duplicates)
  const delivery = await receiver.inbox.delivery(id)
  // Retention takes the bytes before the row.
  console.log(delivery?.sha256, delivery?.kept === 'none' ? 'gone' : (await delivery?.body())?.length)
}
await receiver.close()
