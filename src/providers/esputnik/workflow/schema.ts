/** The parameters put to the schema of the user. Private. */
import type { StandardIssue, StandardSchema } from '../../../types.ts'
import type { ReadCall } from './parameters.ts'

export interface ParameterIssue {
  /** Where, as a JSON pointer; empty for the parameters as a whole. */
  readonly path: string
  /** `unresolved`: the workflow sent the name of a variable that it does not know. */
  readonly problem: 'missing' | 'unresolved' | 'invalid'
}

export type Checked<P> = { readonly params: P } | { readonly issues: readonly ParameterIssue[] }

/** So many are told of one call. */
const MOST = 20

/** Rejects with what the schema throws. */
export async function checkParameters<P>(schema: StandardSchema<P>, call: ReadCall): Promise<Checked<P>> {
  const result = await schema['~standard'].validate(structuredClone(call.parameters))
  if (result.issues === undefined) return { params: result.value }
  const issues = result.issues.slice(0, MOST).map((issue) => toIssue(issue, call))
  return { issues: issues.filter(({ path }, at) => issues.findIndex((other) => other.path === path) === at) }
}

/** The words of the schema are left out, and names that are none: they may repeat what came. */
function toIssue({ path = [] }: StandardIssue, { parameters, unresolved }: ReadCall): ParameterIssue {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment))
  const known = keys.every((key) => NAME.test(key)) ? keys : []
  return { path: toPointer(known), problem: problemAt(keys, parameters, unresolved) }
}

function problemAt(
  keys: readonly string[],
  parameters: unknown,
  unresolved: readonly string[],
): ParameterIssue['problem'] {
  if (keys.some((_, at) => unresolved.includes(toPointer(keys.slice(0, at + 1))))) return 'unresolved'
  let place = parameters
  for (const key of keys) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return 'missing'
    place = (place as Readonly<Record<string, unknown>>)[key]
  }
  return 'invalid'
}

const toPointer = (keys: readonly string[]) => keys.map((key) => `/${key}`).join('')

const NAME = /^[A-Za-z0-9_@.-]{1,64}$/
