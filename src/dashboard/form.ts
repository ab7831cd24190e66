/** What was posted: the fields of a form, or of JSON. */
import type { Chunks } from '../http/flow.ts'
import { flowOf } from '../http/flow.ts'
import { firstHeader } from '../http/headers.ts'
import { isObject } from '../lib/guards.ts'
import type { BoardRequest } from '../ports/board.ts'
import { Refusal } from './refusal.ts'

export type Fields = ReadonlyMap<string, string>

/** Nobody types more. */
const MOST_BYTES = 64 * 1024
const MOST_MS = 10_000

/** @throws Refusal */
export async function fieldsOfBody({ body, rawHeaders }: BoardRequest): Promise<Fields> {
  if (body === null) return new Map()
  if (!(body instanceof Uint8Array) && 'form' in body) return fieldsOfObject(body.form)
  const bytes = body instanceof Uint8Array ? body : await gathered(body)
  if (bytes.length > MOST_BYTES) throw tooLarge()
  const text = new TextDecoder().decode(bytes)
  const type = (firstHeader(rawHeaders, 'content-type') ?? '').toLowerCase()
  if (/^application\/json\b/.test(type)) return fieldsOfObject(parsed(text))
  if (text === '' || /^application\/x-www-form-urlencoded\b/.test(type)) return onceEach([...new URLSearchParams(text)])
  throw new Refusal('bad_request', 'A form is urlencoded, or JSON.')
}

function gathered(chunks: Chunks): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const flow = flowOf(chunks)
    const parts: Uint8Array[] = []
    let length = 0
    const timer = setTimeout(() => {
      flow.stop()
      reject(new Refusal('bad_request', 'The form took too long.'))
    }, MOST_MS)
    const end = (then: () => void) => {
      clearTimeout(timer)
      then()
    }
    flow.flowInto({
      add(chunk) {
        // The memory of a chunk may be used again.
        parts.push(chunk.slice())
        length += chunk.length
        if (length <= MOST_BYTES) return true
        end(() => reject(tooLarge()))
        return false
      },
      end: () => end(() => resolve(Buffer.concat(parts))),
      fail: () => end(() => reject(new Refusal('bad_request', 'The form was not complete.'))),
    })
  })
}

const tooLarge = () => new Refusal('form_too_large', 'A form has at most 64 kB.')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal('bad_request', 'The body is no JSON.')
  }
}

/** Of JSON, or of what another parser made of a form: texts, numbers and flags; lists of texts are joined with commas. */
function fieldsOfObject(given: unknown): Fields {
  if (!isObject(given)) throw new Refusal('bad_request', 'Fields are a JSON object.')
  const fields = Object.entries(given).flatMap(([name, value]): [string, string][] => {
    const isList = Array.isArray(value) && value.every((one) => typeof one === 'string')
    if (value === null || value === undefined) return []
    if (!isList && !['string', 'number', 'boolean'].includes(typeof value))
      throw new Refusal('bad_request', 'Fields are texts, numbers and flags.')
    return [[name, String(value)]]
  })
  return onceEach(fields)
}

/** Two readers of one request must not see two values. */
function onceEach(pairs: readonly (readonly [string, string])[]): Fields {
  const fields = new Map(pairs)
  if (fields.size !== pairs.length) throw new Refusal('bad_request', 'A field is there twice.')
  return fields
}
