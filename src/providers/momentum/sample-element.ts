/** Momentum puts each event into its class, which the event itself does not name. Private. */

import type { Fields } from '../kit/samples.ts'
import { momentumSamples, momentumWire } from './samples.ts'

type Sampled = keyof typeof momentumSamples

const NAMES = Object.keys(momentumSamples) as Sampled[]

/** Only relay messages have no type. */
const BY_TYPE: ReadonlyMap<unknown, Sampled> = new Map(
  NAMES.flatMap((name) => Object.values<Fields>(momentumSamples[name]).map(({ type }) => [type, name] as const)).filter(
    ([type]) => type !== undefined,
  ),
)

/**
 * The JSON text of an element: of the event of that name or, without one, of that type. What is an element already, and
 * what nobody knows, goes as it is.
 */
export function momentumElement(fields: Fields, name?: string): string {
  if ('msys' in fields) return JSON.stringify(fields)
  const known = name === undefined ? nameOf(fields) : NAMES.find((one) => one === name)
  if (known !== undefined) return momentumWire(known, fields)
  return JSON.stringify(name === undefined ? fields : { msys: { sample_event: fields } })
}

function nameOf(fields: Fields): Sampled | undefined {
  return 'webhook_id' in fields ? 'momentum.relay_message' : BY_TYPE.get(fields.type)
}
