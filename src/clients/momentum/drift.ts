/** The sender's own documentation of its events, beside our catalogue. */

import { OptionError } from '../../errors.ts'
import { isObject } from '../../lib/guards.ts'
import { kindOf, knownKeys } from '../../lib/options.ts'
import { read } from '../../providers/momentum/normalise.ts'
import { checkedSignal } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import type { DocumentedEvent, DocumentedField } from './documentation.ts'
import { FIELDS } from './fields.generated.ts'
import type { MomentumWebhooks } from './webhooks.ts'

export interface NewField extends DocumentedField {
  /** `track_event.click`. */
  readonly event: string
}

export interface ChangedSample {
  /** `track_event.click`. */
  readonly event: string
  /** What is not as it was, without the values of the sample. */
  readonly why: string
}

export interface CatalogueDrift {
  /** Types that the sender documents and we do not know: their events are `momentum.unknown`. */
  readonly newTypes: readonly DocumentedEvent[]
  /** Fields, in the documentation or in a sample, that we do not know: they are in `payload`, without a type. */
  readonly newFields: readonly NewField[]
  /** Samples that we cannot read, or do not take for samples any more. */
  readonly changedSamples: readonly ChangedSample[]
  /** Types that we know and the sender does not document: of other editions, or gone. No drift by themselves. */
  readonly undocumentedTypes: readonly string[]
  /** New types, new fields or changed samples. */
  readonly hasDrift: boolean
  /** For people. */
  text(): string
}

export interface DriftOptions extends CallOptions {
  readonly client: Pick<MomentumWebhooks, 'eventDocumentation' | 'eventSamples'>
}

/**
 * Asks SparkPost or Momentum for the documentation and the samples of its events, and compares them with what this version
 * knows, so that you learn of a change before such an event comes.
 * @example
 * const client = momentumWebhooks({ apiKey: { env: 'SPARKPOST_API_KEY' } })
 * const drift = await catalogueDrift({ client })
 * if (drift.hasDrift) console.error(drift.text())
 * @throws ApiError (rejects); OptionError
 */
export async function catalogueDrift(options: DriftOptions): Promise<CatalogueDrift> {
  knownKeys('catalogueDrift: the options', options, ['client', 'signal'])
  const { client } = options
  if (typeof client?.eventDocumentation !== 'function')
    throw new OptionError(`catalogueDrift: client must be momentumWebhooks(…), got ${kindOf(client)}`)
  const signal = checkedSignal('catalogueDrift', options.signal)
  const call = signal === undefined ? {} : { signal }
  return compared(await client.eventDocumentation(call), await client.eventSamples(call))
}

function compared(documented: readonly DocumentedEvent[], elements: readonly object[]): CatalogueDrift {
  const newTypes = documented.filter((one) => FIELDS[nameOf(one)] === undefined)
  const samples = elements.map(sampleOf)
  const told = [...documented.flatMap(documentedFields), ...samples.flatMap(sampledFields)]
  const newFields = [...new Map(told.filter(isNew).map((field) => [`${field.event} ${field.name}`, field])).values()]
  const changedSamples = samples.flatMap(changeOf)
  const names = new Set(documented.map(nameOf))
  const undocumentedTypes = Object.keys(FIELDS).filter((name) => name.includes('.') && !names.has(name))
  const found = { newTypes, newFields, changedSamples, undocumentedTypes }
  const hasDrift = newTypes.length + newFields.length + changedSamples.length > 0
  return { ...found, hasDrift, text: () => textOf(found) }
}

const nameOf = ({ class: nativeClass, type }: Pick<DocumentedEvent, 'class' | 'type'>): string =>
  `${nativeClass}.${type}`

const documentedFields = (event: DocumentedEvent): NewField[] =>
  event.fields.map((field) => ({ ...field, event: nameOf(event) }))

/** Of a type that we know: a new type is told as a whole. */
function isNew({ event, name }: NewField): boolean {
  const known = FIELDS[event]
  return known !== undefined && !known.split(' ').includes(name)
}

interface Sample {
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly element: object
}

function sampleOf(element: object): Sample {
  const { msys } = element as { msys?: unknown }
  const [[nativeClass, fields] = ['', {}]] = Object.entries(isObject(msys) ? msys : {})
  const own = isObject(fields) ? fields : {}
  return { event: `${nativeClass}.${String(own.type)}`, fields: own, element }
}

const sampledFields = ({ event, fields }: Sample): NewField[] =>
  Object.entries(fields).map(([name, sample]) => ({ event, name, description: '', sample }))

function changeOf({ event, element }: Sample): ChangedSample[] {
  const reading = read(element)
  if ('unreadable' in reading)
    return [{ event, why: `${reading.unreadable}${reading.path === null ? '' : ` at ${reading.path}`}` }]
  // New types are told as such.
  if (FIELDS[event] === undefined) return []
  if (reading.occurredAt === null) return [{ event, why: 'its time cannot be read' }]
  return reading.isTest ? [] : [{ event, why: 'nothing tells it from a real event any more' }]
}

function textOf({
  newTypes,
  newFields,
  changedSamples,
  undocumentedTypes,
}: Omit<CatalogueDrift, 'hasDrift' | 'text'>): string {
  const lines = [
    ...newTypes.map((one) => `new type ${nameOf(one)}: ${one.fields.map(({ name }) => name).join(', ')}`),
    ...newFields.map(
      ({ event, name, description }) => `new field ${event} ${name}${description === '' ? '' : `: ${description}`}`,
    ),
    ...changedSamples.map(({ event, why }) => `changed sample ${event}: ${why}`),
  ]
  const missing = undocumentedTypes.length === 0 ? [] : [`not documented there: ${undocumentedTypes.join(', ')}`]
  return [...(lines.length === 0 ? ['No drift.'] : lines), ...missing].join('\n')
}
