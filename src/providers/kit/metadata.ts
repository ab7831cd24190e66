/** Metadata under a schema of the user's: any Standard Schema 1. Private. */
import { OptionError } from '../../errors.ts'
import { isLetGo } from '../../lib/call-safely.ts'
import { isObject } from '../../lib/guards.ts'
import type { MetadataIssue, MetadataSchema, StandardIssue, StandardResult } from '../../types.ts'

type Metadata = Readonly<Record<string, unknown>>

/** What a reading says of its metadata. */
interface Checked {
  readonly metadata: Metadata
  readonly metadataIssues: readonly MetadataIssue[] | null
}

/** So many issues are told of one event: a schema may find one for each key. */
const MOST_ISSUES = 20

const ASYNC = 'the schema answers with a promise; only a synchronous schema can check metadata'
const THREW = 'the schema threw an error'
const NO_OBJECT = 'the schema made something else than an object of it'

/**
 * The provider with the metadata of each of its readings put to the schema; without a schema the provider as it is. Its
 * `read` throws no more than before: what does not fit, and what the schema could not say, is told in `metadataIssues`.
 */
export function withMetadata<P extends { read(element: unknown): object }>(
  provider: P,
  schema: MetadataSchema | undefined,
): P {
  if (schema === undefined) return provider
  return Object.freeze({
    ...provider,
    read(element: unknown) {
      const reading = provider.read(element)
      return hasMetadata(reading) ? { ...reading, ...check(schema, reading.metadata) } : reading
    },
  })
}

const hasMetadata = (reading: object): reading is { readonly metadata: Metadata } => 'metadata' in reading

function check(schema: MetadataSchema, metadata: Metadata): Checked {
  try {
    // A copy: a schema may change what it is given, and `payload` is as the sender wrote it.
    const result = schema['~standard'].validate(structuredClone(metadata))
    return isLetGo(result) ? asSent(metadata, [issue(ASYNC)]) : checked(metadata, result)
  } catch {
    return asSent(metadata, [issue(THREW)])
  }
}

function checked(metadata: Metadata, result: StandardResult<object>): Checked {
  if (result.issues !== undefined) return asSent(metadata, result.issues.slice(0, MOST_ISSUES).map(toIssue))
  const { value } = result
  return isObject(value) ? { metadata: value, metadataIssues: null } : asSent(metadata, [issue(NO_OBJECT)])
}

const asSent = (metadata: Metadata, metadataIssues: readonly MetadataIssue[]): Checked => ({ metadata, metadataIssues })
const issue = (message: string): MetadataIssue => ({ message, path: '' })

function toIssue({ message, path = [] }: StandardIssue): MetadataIssue {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment))
  return { message: String(message), path: keys.map(toPointer).join('') }
}

/** One step of a JSON pointer (RFC 6901). */
const toPointer = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`

/**
 * Refuses what is no schema, and a schema that answers with a promise when it is shown empty metadata.
 * @throws OptionError
 */
export function assertMetadataSchema(name: string, schema: unknown): void {
  if (schema === undefined) return
  assertSchema(name, schema)
  const { metadataIssues } = check(schema as MetadataSchema, {})
  if (metadataIssues?.[0]?.message === ASYNC) throw new OptionError(`${name}: ${ASYNC}`)
}

/** @throws OptionError for what is no Standard Schema */
export function assertSchema(name: string, schema: unknown): void {
  const standard = isSchemaLike(schema) ? schema['~standard'] : null
  if (!isObject(standard) || standard.version !== 1 || typeof standard.validate !== 'function')
    throw new OptionError(`${name} must be a Standard Schema, such as z.object({ … }) of zod 4`)
}

/** A schema may be a function, as those of arktype are. */
function isSchemaLike(schema: unknown): schema is { readonly '~standard'?: unknown } {
  return typeof schema === 'function' || (typeof schema === 'object' && schema !== null)
}
