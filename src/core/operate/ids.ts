/** The ids of deliveries, `d_…`, and of events, `d_….3`, as users give them. */
import { OptionError } from '../../errors.ts'
import { shown } from '../../lib/options.ts'

const ID = /^(d_[a-z2-7]+)(?:\.(\d{1,7}))?$/

/** @throws OptionError for anything but an id of an event or a delivery */
export function eventOrDelivery(at: string, id: unknown): { deliveryId: string; index?: number } {
  const [, deliveryId, index] = (typeof id === 'string' && ID.exec(id)) || []
  if (deliveryId === undefined)
    throw new OptionError(`${at}: expected the id of an event or a delivery, d_….0 or d_…, got ${shown(id)}`)
  return index === undefined ? { deliveryId } : { deliveryId, index: Number(index) }
}

/** @throws OptionError for anything but the id of an event */
export function eventId(at: string, id: unknown): { deliveryId: string; index: number } {
  const { deliveryId, index } = eventOrDelivery(at, id)
  if (index === undefined)
    throw new OptionError(`${at}: expected the id of an event, ${deliveryId}.0, got a delivery's`)
  return { deliveryId, index }
}

/** @throws OptionError for anything but the id of a delivery */
export function deliveryIdOf(at: string, id: unknown): string {
  const { deliveryId, index } = eventOrDelivery(at, id)
  if (index !== undefined) throw new OptionError(`${at}: expected the id of a delivery, ${deliveryId}, got an event's`)
  return deliveryId
}
