/** The body of a request: JSON, XML or text, as the author of the workflow wrote its template. Private. */
import { isUtf8 } from 'node:buffer'
import { isObject } from '../../../lib/guards.ts'
import type { Asked } from '../../../ports/responder.ts'
import { readJson } from './json.ts'
import { readXml } from './xml.ts'

export interface BodyRead {
  readonly format: 'none' | 'json' | 'xml' | 'text'
  /** null: there is none. */
  readonly text: string | null
  readonly fields: Readonly<Record<string, unknown>>
}

export interface BrokenBody {
  /** What is wrong, and where; none of its text. */
  readonly broken: string
  readonly text: string | null
}

const EMPTY: BodyRead = Object.freeze({ format: 'none', text: null, fields: Object.freeze({}) })

/**
 * A body is told by how it begins: which type the block sends with it is not documented (docs.yespo.io, "Webhook
 * Workflows", June 2025). A type that says JSON or XML decides; under one that says text, what is neither is text.
 */
export async function readBody({ body, headers, undecoded }: Asked): Promise<BodyRead | BrokenBody> {
  if (body.length === 0) return EMPTY
  if (undecoded !== null) return { broken: `the body is not ${undecoded}`, text: null }
  if (!isUtf8(body)) return { broken: 'the body is not UTF-8', text: null }
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    .toString()
    .replace(/^\ufeff/, '')
  if (text.trim() === '') return EMPTY
  const type = typeOf(headers)
  const format = formatOf(text, type)
  const read = format === 'json' ? readJson(body) : format === 'xml' ? await readXml(text) : TEXT
  if ('value' in read && isObject(read.value)) return { format, text, fields: read.value }
  if (format === 'text' || type === 'text/plain') return { format: 'text', text, fields: {} }
  if ('broken' in read) return { ...read, text }
  return { broken: `the body is ${format === 'json' ? 'no JSON object' : 'an element without parts'}`, text }
}

const TEXT = Object.freeze({ value: null })

function typeOf(headers: Asked['headers']): string {
  const value = headers.find(([name]) => name === 'content-type')?.[1] ?? ''
  return value.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function formatOf(text: string, type: string): 'json' | 'xml' | 'text' {
  if (/[/+]json$/.test(type)) return 'json'
  if (/[/+]xml$/.test(type)) return 'xml'
  const first = text.trimStart()[0]
  return first === '{' || first === '[' ? 'json' : first === '<' ? 'xml' : 'text'
}
