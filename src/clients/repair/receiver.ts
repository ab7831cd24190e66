/** What a repair needs of a receiver, and the checks of it. */
import { OptionError } from '../../errors.ts'
import { didYouMean } from '../../lib/nearest.ts'
import { kindOf, shown } from '../../lib/options.ts'
import { hostDoor, repairDoor } from '../../lib/symbols.ts'
import type { HostDoor } from '../../ports/host.ts'
import type { RepairDoor } from '../../ports/repair-door.ts'

/** A receiver, told by its shape. */
export interface RepairedReceiver {
  start(): Promise<void>
  inject(source: never, body: string): Promise<{ readonly id: string; readonly status: 'accepted' | 'duplicate' }>
  readonly inbox: {
    deliveries(filter: { readonly source: string; readonly since: Date }): AsyncIterable<{
      readonly id: string
      readonly batchId: string | null
      readonly receivedAt: Date
      readonly duplicates: number
    }>
  }
  readonly [hostDoor]: Pick<HostDoor, 'sourceNames'>
  readonly [repairDoor]: RepairDoor
}

/** @throws OptionError for what is no receiver, and a source that it does not have */
export function assertRepairable(call: string, receiver: RepairedReceiver, source: unknown): asserts source is string {
  if (typeof receiver !== 'object' || receiver === null || !(repairDoor in receiver))
    throw new OptionError(`${call} takes a receiver first, as createReceiver makes it, got ${kindOf(receiver)}`)
  const names = receiver[hostDoor].sourceNames
  if (typeof source === 'string' && names.includes(source)) return
  const meant = typeof source === 'string' ? didYouMean(source, names) : ''
  throw new OptionError(`${call}: source must be one of ${names.join(', ')}, got ${shown(source)}${meant}`)
}
