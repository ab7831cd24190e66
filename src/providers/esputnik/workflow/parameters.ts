/** From a request of the workflow block to its parameters: query, then body, then headers. Private. */
import { isObject } from '../../../lib/guards.ts'
import type { Asked } from '../../../ports/responder.ts'
import { type BodyRead, type BrokenBody, readBody } from './body.ts'
import { together } from './together.ts'
import { isUnresolved } from './velocity.ts'

export type Parameters = Readonly<Record<string, unknown>>

export interface ReadCall {
  readonly parameters: Parameters
  /** The body as text; null where there is none. */
  readonly text: string | null
  /** Where the value is a reference that the workflow could not resolve, as JSON pointers; it is missing there. */
  readonly unresolved: readonly string[]
}

/** More than a workflow has variables. */
const MOST = 1_000

/** Headers of these names only. The first that has a parameter gives it. */
export async function readCall(asked: Asked, paramHeaders: readonly string[]): Promise<ReadCall | BrokenBody> {
  const body = await readBody(asked)
  if ('broken' in body) return body
  const unresolved = new Set<string>()
  const known = (parameters: Parameters) => withoutUnresolved(parameters, unresolved)
  const query = known(together(asked.parameters.slice(0, MOST)))
  const headers = known(together(named(asked.headers, paramHeaders)))
  const parameters = withoutTraps({ ...headers, ...known(ofBody(body)), ...query })
  const missing = [...unresolved].filter((pointer) => !Object.hasOwn(parameters, pointer.slice(1)))
  return { parameters, text: body.text, unresolved: missing }
}

/** Text of no other format is one parameter. */
function ofBody({ format, text, fields }: BodyRead): Parameters {
  return format === 'text' && text !== null ? { text } : fields
}

/** The headers of these names, under the names as they were given. */
function named(headers: Asked['headers'], names: readonly string[]): [string, string][] {
  return names.flatMap((name) =>
    headers.flatMap(([found, value]): [string, string][] => (found === name.toLowerCase() ? [[name, value]] : [])),
  )
}

function withoutUnresolved(parameters: Parameters, unresolved: Set<string>, at = ''): Parameters {
  const entries = Object.entries(parameters).map(([name, value]) => [
    name,
    resolved(value, unresolved, `${at}/${name}`),
  ])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** undefined: it is not. In a list null stands in its place, so that the others keep theirs. Bodies are bounded in depth. */
function resolved(value: unknown, unresolved: Set<string>, at: string): unknown {
  if (Array.isArray(value)) return value.map((one, index) => resolved(one, unresolved, `${at}/${index}`) ?? null)
  if (isObject(value)) return withoutUnresolved(value, unresolved, at)
  if (!isUnresolved(value)) return value
  unresolved.add(at)
  return undefined
}

/** A schema may copy what it is given field by field: these would be fields of every object then. */
function withoutTraps(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== '__proto__'))
}
