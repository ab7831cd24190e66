/** Each delivery to its shard. */
import type { Accepted, AcceptOptions, Intake, NewDelivery } from '../../ports/inbox/intake.ts'
import { inside, outside, placeOf } from './numbers.ts'
import { homeOf, keyOf } from './ring.ts'
import type { Shards } from './shards.ts'

export function intakeOf(shards: Shards): Intake {
  return {
    accept: async (delivery, options) => accept(shards, delivery, options),
    noteSenderLeft(seq) {
      const shard = shards.at(placeOf(seq))
      if (shard.isUp) shard.port.intake.noteSenderLeft(inside(seq))
    },
    backlogBytes: () => shards.up.reduce((sum, { port }) => sum + port.intake.backlogBytes(), 0),
    trouble() {
      if (!shards.isOpen) return 'The inbox is not open.'
      const troubles = shards.all.map(({ trouble }) => trouble)
      return troubles.includes(null) ? null : (troubles[0] ?? null)
    },
  }
}

async function accept(shards: Shards, delivery: NewDelivery, options?: AcceptOptions): Promise<Accepted> {
  shards.assertOpen()
  const { place, before } = homeOf(keyOf(delivery, shards.by), shards.states)
  const home = before !== null && (await isThere(shards, before, delivery)) ? before : place
  const accepted = await shards.at(home).store(({ intake }) => intake.accept(delivery, options))
  return { ...accepted, seq: outside(home, accepted.seq) }
}

/** Whether it is a repeat of what is stored in this place. */
async function isThere(shards: Shards, place: number, { id, sha256 }: NewDelivery): Promise<boolean> {
  const page = { before: null, limit: 10, deliveryId: id }
  const found = await shards.at(place).store(({ records }) => records.list('deliveries', page))
  return found.some((one) => Buffer.compare(one.sha256, sha256) === 0)
}
