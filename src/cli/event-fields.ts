/** What there is to send: the names of events, and the fields of each. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { OptionError } from '../errors.ts'
import { didYouMean } from '../lib/nearest.ts'
import { type Sample, sampleOf } from '../testing/sample.ts'
import { NAMES, senderOf } from '../testing/senders.ts'

/** One line each: the name and the normalised types that it can have; of one name, its fields. */
export function listed(name: string | undefined, json: boolean): string[] {
  const fields = name === undefined ? null : [...(fieldsOf(sampleOf(name)) ?? [])]
  if (fields !== null) return json ? fields.map((field) => JSON.stringify({ field })) : fields
  if (json) return NAMES.map((one) => JSON.stringify({ name: one, types: typesOf(one) }))
  const longest = Math.max(...NAMES.map(({ length }) => length))
  return NAMES.map((one) => `${one.padEnd(longest + 2)}${typesOf(one).join(', ')}`)
}

function typesOf(name: string): string[] {
  return Object.keys(senderOf(name).samples[name] ?? {})
}

/** @throws OptionError for a field that is in no document of the sender, with the nearest that is */
export function assertField(name: string, sample: Sample, field: string): void {
  const fields = fieldsOf(sample)
  if (fields === null || fields.has(field)) return
  const meant = didYouMean(field, fields)
  throw new OptionError(`--set: ${name} has no field ${JSON.stringify(field)}${meant || '; see --list'}`)
}

/** As the schema has them; null: events that nobody knows can have any. */
function fieldsOf({ sender, reading }: Sample): ReadonlySet<string> | null {
  if (reading.type === 'unknown') return null
  const path = `posthorn/schemas/${sender.provider.name}/${reading.nativeType}.json`
  const schema = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(path)), 'utf8'))
  return new Set(Object.keys(schema.properties))
}
