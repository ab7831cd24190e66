/** What the tests of all providers share. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { Scanner } from '../../src/json/scan.ts'
import { parseElements } from '../../src/json/slices.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Auth } from '../../src/ports/auth.ts'
import type { Reading, Source, Unreadable } from '../../src/ports/provider.ts'
import type { AnyEvent } from '../../src/types.ts'

export const auth: Auth = {
  scheme: 'test',
  [port]: { challenge: 'Test', prepare: async () => () => ({ ok: true, credential: null }) },
}

/** One element, read from bytes as the elements of a body are: integers beyond 2^53 arrive as their digits. */
export function parseExact(text: string): unknown {
  const bytes = new TextEncoder().encode(`[${text}]`)
  const scanner = new Scanner(bytes)
  scanner.advance(bytes.length)
  const scan = scanner.result()
  if ('failure' in scan) throw new Error(scan.failure)
  return parseElements(bytes, scan, 0, scan.count)[0]
}

/** Reads one event from its JSON text. */
export function readText(source: Source<AnyEvent>, text: string): Reading | Unreadable {
  return source[port].provider.read(parseExact(text))
}

/** Reads one event and fails when it cannot be read. */
export function reading(source: Source<AnyEvent>, text: string): Reading {
  const result = readText(source, text)
  if ('unreadable' in result) throw new Error(`${result.unreadable} at ${result.path}: ${text}`)
  return result
}

export interface SampleFile {
  readonly file: string
  readonly samples: ReadonlyArray<{ readonly name: string; readonly body: unknown; readonly raw?: string }>
}

/** Files of published samples, from a folder outside of the package; null when `POSTHORN_SAMPLES` is not set. */
export function sampleFiles(provider: string): readonly SampleFile[] | null {
  const root = process.env.POSTHORN_SAMPLES
  if (root === undefined || root === '') return null
  const folder = join(root, provider)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, samples: JSON.parse(readFileSync(join(folder, file), 'utf8')).samples }))
}

/** The elements of a sample, parsed from its text where it has one. */
export function elementsOf({ body, raw }: SampleFile['samples'][number]): readonly unknown[] {
  return [parseExact(raw ?? JSON.stringify(body))].flat()
}

/** The fields with some of them replaced, removed or nested into each other, as JSON values. */
export function mutated(fields: Readonly<Record<string, unknown>>): fc.Arbitrary<object> {
  const scalar = fc.constantFrom<unknown>('', '0', 'x', 0, 1, 1.5, 2 ** 60, -1, true, false, null, [], {})
  const value = fc.oneof(scalar, fc.jsonValue(), fc.constantFrom(...Object.values(fields)))
  const names = fc.oneof(fc.constantFrom(...Object.keys(fields)), fc.string())
  const changes = fc.dictionary(names, fc.oneof(value, fc.constant(undefined)), { maxKeys: 4 })
  // Through text: what is undefined is absent, and a body has nothing that JSON does not have.
  return changes.map((changed) => JSON.parse(JSON.stringify({ ...fields, ...changed })))
}
