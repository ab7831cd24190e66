/**
 * Writes what is generated and checked in: from the zod schemas JSON Schemas, validators, payload interfaces, and the
 * documents made from all of these; from `scripts/wasm/` the WebAssembly of the scan. Run it with `npm run generate`
 * after a change to an `events.ts`, a `catalogue.ts` or that folder.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { z } from 'zod'
import type { Catalogue } from '../src/providers/kit/catalogue.ts'
import { type JsonSchema, toAnnotatedSchema, toPublishedSchema } from './schema/json-schema.ts'
import { renderPayloads } from './schema/payloads.ts'
import { renderValidators } from './schema/validators.ts'
import { renderWasm } from './wasm/compile.ts'

const ROOT = join(import.meta.dirname, '..')
const PROVIDERS = ['momentum', 'mailjet', 'esputnik'] as const

/** Every generated file, as path from the root and text, of the providers that are there. */
export async function generateAll(): Promise<Map<string, string>> {
  const files = new Map([['src/json/wasm.generated.ts', await renderWasm()]])
  for (const provider of PROVIDERS) {
    if (!existsSync(join(ROOT, 'src/providers', provider, 'events.ts'))) continue
    for (const [path, text] of await generate(provider)) files.set(path, text)
  }
  return files
}

/** Every generated document, as path from the root and text. Runs the readers, so what they are made from comes first. */
export async function generateDocs(): Promise<Map<string, string>> {
  const { renderEvents } = await import('./docs/events.ts')
  return new Map([['docs/events.md', renderEvents()]])
}

async function generate(provider: string): Promise<Map<string, string>> {
  const folder = `src/providers/${provider}`
  const events = (await load(`${folder}/events.ts`)) as {
    schemas: Record<string, z.ZodType>
    reads?: readonly string[]
  }
  const { catalogue } = (await load(`${folder}/catalogue.ts`)) as { catalogue: Catalogue }
  const annotated = new Map(
    Object.entries(events.schemas).map(([key, schema]) => [key, toAnnotatedSchema(provider, key, schema)]),
  )
  const files = new Map<string, string>()
  for (const [key, schema] of annotated)
    files.set(`schemas/${provider}/${key}.json`, `${JSON.stringify(toPublishedSchema(schema), null, 2)}\n`)
  const options = { ids: idsOf(annotated), reads: events.reads ?? null }
  files.set(`${folder}/validate.generated.ts`, renderValidators(annotated, options))
  files.set(`${folder}/payloads.generated.ts`, renderPayloads(provider, annotated, catalogue))
  return files
}

const load = (path: string): Promise<unknown> => import(/* @vite-ignore */ pathToFileURL(join(ROOT, path)).href)

/** Names of the fields marked as identifiers, in any of the schemas. */
function idsOf(schemas: ReadonlyMap<string, JsonSchema>): readonly string[] {
  const names = new Set<string>()
  for (const { properties = {} } of schemas.values())
    for (const [name, value] of Object.entries(properties)) if (value['x-id']) names.add(name)
  return [...names].sort()
}

/** Paths of the schema files that are checked in. */
export async function checkedInSchemas(): Promise<string[]> {
  const found: string[] = []
  for (const provider of PROVIDERS) {
    const folder = join(ROOT, 'schemas', provider)
    if (!existsSync(folder)) continue
    for (const name of await readdir(folder)) found.push(`schemas/${provider}/${name}`)
  }
  return found
}

if (import.meta.main) {
  const files = await generateAll()
  for (const path of await checkedInSchemas()) if (!files.has(path)) await rm(join(ROOT, path))
  await write(files)
  const documents = await generateDocs()
  await write(documents)
  console.log(`${files.size + documents.size} files written`)
}

async function write(files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true })
    await writeFile(join(ROOT, path), text)
  }
}
