/**
 * In what the senders of one family differ: Momentum on premises, SparkPost's cloud, SparkPost Elite.
 * Source: SparkPost API, Webhooks, June 2026
 * (github.com/SparkPost/developers.sparkpost.com, content/api/webhooks.apib).
 */
import { catalogue } from '../../providers/momentum/catalogue.ts'
import type { Step } from '../kit/life-cycle.ts'
import type { Ids } from './ids.ts'

/** One event as it stands in a batch. */
export interface NativeEvent {
  readonly type: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Edition {
  readonly name: 'momentum' | 'cloud' | 'elite'
  /** The class of each event type that a webhook can ask for. */
  readonly classes: ReadonlyMap<string, string>
  /** Links of answers start with the address of the server. */
  readonly absoluteLinks: boolean
  /** The id that test posts carry in the batch id header; null: they carry none. */
  readonly testBatchId: string | null
  readonly userAgent: string | null
  /** Webhooks can have more than a token: Basic, OAuth 2.0, headers of their own; and there are relay webhooks. */
  readonly isCloudApi: boolean
  /** Of Momentum, the events documentation and samples want the key too. */
  readonly openDocumentation: boolean
  /** The native events of one step of a message's life, on the node it goes through. */
  readonly eventsOf: (step: Step, ids: Ids, node: string) => readonly NativeEvent[]
  /** The fields of the sample event of a type. */
  readonly sampleOf: (type: string) => Readonly<Record<string, unknown>>
}

/** Class by type of those that `wanted` takes, by the order of our catalogue. */
export function classesOf(wanted: (type: string) => boolean): ReadonlyMap<string, string> {
  const all = Object.values(catalogue).map(({ schema }) => schema.split('.'))
  // A relay message is no event: it has no type, and relay webhooks carry it.
  return new Map(all.flatMap(([group = '', type]) => (type !== undefined && wanted(type) ? [[type, group]] : [])))
}

/** The JSON text of an event in its envelope. */
export function elementOf(classes: ReadonlyMap<string, string>, { type, fields }: NativeEvent): string {
  return JSON.stringify({ msys: { [classes.get(type) ?? 'message_event']: fields } })
}
