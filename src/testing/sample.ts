/** A sample on the wire: completed, fresh, and proved to be the event it was asked for. Private. */

import { OptionError } from '../errors.ts'
import { parseElement } from '../json/slices.ts'
import type { Reading } from '../ports/provider.ts'
import { freshen } from '../providers/kit/fresh.ts'
import type { Fields } from '../providers/kit/samples.ts'
import { type Sender, senderOf } from './senders.ts'

export interface Sample {
  readonly sender: Sender
  /** The fields of the event, identifiers as text. */
  readonly fields: Fields
  /** The JSON text of one element of a body. */
  readonly text: string
  /** What the provider makes of it. */
  readonly reading: Reading
}

/**
 * The sample of that name, of the normalised type `as` or of the name's first one, with fresh ids and times, and with
 * `payload` over it.
 * @throws OptionError when there is no such name or type, or when the payload makes another event of it
 */
export function sampleOf(name: string, payload: Fields = {}, as?: string | undefined): Sample {
  const sender = senderOf(name)
  const fresh = freshen(baseOf(sender, name, as), sender.fresh, Date.now())
  const fields = { ...fresh, ...sender.follow?.(payload), ...payload }
  const text = sender.wire(fields, name)
  const reading = sender.provider.read(parseElement(Buffer.from(text)))
  if ('unreadable' in reading)
    throw new OptionError(`the payload is no ${name}: ${reading.unreadable} at ${reading.path || 'its root'}`)
  if (reading.name !== name) throw new OptionError(`the payload makes ${reading.name} of it, not ${name}`)
  if (as !== undefined && reading.type !== as)
    throw new OptionError(`with this payload, ${name} is ${JSON.stringify(reading.type)}, not ${JSON.stringify(as)}`)
  return { sender, fields, text, reading }
}

function baseOf(sender: Sender, name: string, as: string | undefined): Fields {
  const samples = sender.samples[name] as Readonly<Record<string, Fields>>
  const [first] = Object.values(samples)
  if (as === undefined) return first as Fields
  const sample = Object.hasOwn(samples, as) ? samples[as] : undefined
  if (sample !== undefined) return sample
  const types = Object.keys(samples).join(', ')
  throw new OptionError(`${name} cannot be ${JSON.stringify(as)}; its normalised types are ${types}`)
}
