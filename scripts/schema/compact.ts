/**
 * Rewrites the function that ajv compiles from one schema.
 *
 * ajv spells an error object with its schema path out at every field: 900 bytes, 1.3 MB for Momentum. Here each of these
 * becomes a `return` of the first problem. What is not recognised stops the generation.
 */
import type { JsonSchema } from './json-schema.ts'

/** Gives the name of the constant that holds a reason. */
export type NameReason = (reason: string) => string

const HEAD = /^function validate\d+\(data, \{.*?\}=\{\}\)\{/

const ERROR =
  /const (err\d+) = \{instancePath(?::instancePath\+(.*?))?,schemaPath:"([^"]*)",keyword:"(\w+)",params:.*\};\nif\(vErrors === null\)\{\nvErrors = \[\1\];\n\}\nelse \{\nvErrors\.push\(\1\);\n\}\nerrors\+\+;/g

const NOT_SCALAR =
  /if\(\(\(\(\(typeof (data\d+) !== "string"\) && \(!\(\(typeof \1 == "number"\) && \(isFinite\(\1\)\)\)\)\) && \(typeof \1 !== "boolean"\)\) && \(\1 !== null\)\) && \(!\(Array\.isArray\(\1\)\)\)\)\{\n(return .*)\n\}\nif\(Array\.isArray\(\1\)\)\{\nif\(\1\.length > 0\)\{\nreturn .*\n\}\n\}/g

const LEFTOVER = /\b(?:require|schemaPath|vErrors|errors|instancePath|evaluated\d*|schema\d+|validate\d+)\b/

/** The function under the name `name`: null, or the first problem. */
export function compact(code: string, name: string, schema: JsonSchema, nameReason: NameReason): string {
  const result = code
    .replace(HEAD, `function ${name}(data: unknown): Problem | null {`)
    .replace(ERROR, (_all, _name, path: string | undefined, schemaPath: string, keyword: string) => {
      const reason = nameReason(reasonOf(lookUp(schema, schemaPath), keyword))
      return `return no(${path ?? '""'}, ${reason});`
    })
    .replace(NOT_SCALAR, 'if(!scalar($1)) $2')
    .replace(/^\/\*# sourceURL=.*\n/m, '')
    .replace(/^let vErrors = null;\nlet errors = 0;\n/m, '')
    .replace(/^const evaluated\d+ = [\s\S]*?\n\}\nif[\s\S]*?\n\}\n/m, '')
    .replace(/^const _errs\d+ = errors;\n/gm, '')
    .replace(/validate\d+\.errors = vErrors;\nreturn errors === 0;/, 'return null;')
  const leftover = LEFTOVER.exec(result)
  if (leftover) throw new Error(`${name}: ajv's code has ${leftover[0]} left, which compact() does not know`)
  return result
}

const WRAPPER =
  /^(function .*\{\n)if\(data && typeof data == "object" && !Array\.isArray\(data\)\)\{\n([\s\S]*)\n\}\nelse \{\nreturn no\("", R\d+\);\n\}\n(return null;\n\})$/

/** The same function over slots (`src/providers/kit/slots.ts`) in the place of an object. */
export function overSlots(code: string, name: string, schema: JsonSchema, places: ReadonlyMap<string, number>): string {
  const match = WRAPPER.exec(code)
  if (!match) throw new Error(`${name}: ajv's code has another frame than overSlots() knows`)
  const body = (match[2] ?? '').replace(/\bdata(?:\.(\w+)|\["([^"]*)"\])/g, (_all, plain?: string, quoted?: string) => {
    const place = places.get(plain ?? quoted ?? '')
    if (place === undefined) throw new Error(`${name}: no place for ${plain ?? quoted}`)
    return `data[${place}]`
  })
  return skipPlainObjects(`${match[1]}${body}\n${match[3]}`, schema, places)
}

/** Objects whose fields are all scalars need no look at each when they hold nothing else, for the reason above slots. */
function skipPlainObjects(code: string, schema: JsonSchema, places: ReadonlyMap<string, number>): string {
  return Object.entries(schema.properties ?? {}).reduce((text, [property, value]) => {
    const fields = Object.values(value.properties ?? {})
    if (fields.length === 0 || !fields.every(isScalar)) return text
    const variable = new RegExp(`let (data\\d+) = data\\[${places.get(property)}\\];`).exec(text)?.[1]
    const test = `if(${variable} && typeof ${variable} == "object" && !Array.isArray(${variable})){`
    if (!text.includes(test)) throw new Error(`no test for an object at ${property}`)
    return text.replace(test, test.replace(/\)\{$/, ` && !plain(${variable})){`))
  }, code)
}

/** Whether it takes every text, number and flag. */
export function isScalar(schema: JsonSchema): boolean {
  const types = [schema.type ?? []].flat()
  return ['string', 'number', 'boolean', 'null'].every((type) => types.includes(type)) && !('maximum' in schema)
}

/** The subschema whose keyword failed: a schema path is a JSON pointer that ends in the keyword. */
function lookUp(schema: JsonSchema, schemaPath: string): JsonSchema {
  const steps = schemaPath.slice(2).split('/').slice(0, -1)
  return steps.reduce<JsonSchema>((at, step) => at[decodeURIComponent(step)] as JsonSchema, schema)
}

function reasonOf(schema: JsonSchema, keyword: string): string {
  const words = [schema.type ?? []].flat().map((type) => word(type, schema))
  const expected = words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : words.join()
  const told = ['type', 'maxItems', 'minimum', 'maximum'].includes(keyword)
  return told ? `expected ${expected}` : `expected ${expected}, ${keyword} ${JSON.stringify(schema[keyword])}`
}

function word(type: string, schema: JsonSchema): string {
  if (type === 'array') return schema.maxItems === 0 ? 'empty list' : 'list'
  return type === 'number' && schema.maximum === 0 ? '0' : type
}
