/**
 * Writes what is generated and checked in: from the zod schemas JSON Schemas, validators, payload interfaces, and the
 * documents made from all of these; from `scripts/wasm/` the WebAssembly of the scan. Run it with `npm run generate`
 * after a change to an `events.ts`, a `catalogue.ts` or that folder.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { renderDashboardAssets } from './dashboard.ts'
import { publishedCli } from './schema/cli.ts'
import { publishedDashboard } from './schema/dashboard.ts'
import { renderDescriptions, renderFields } from './schema/descriptions.ts'
import { publishedEvent } from './schema/event.ts'
import { renderAll, renderFacade } from './schema/facade.ts'
import { annotatedSchemas, type JsonSchema } from './schema/json-schema.ts'
import { publishedSchemas } from './schema/levels.ts'
import { renderPayloads } from './schema/payloads.ts'
import type { PublishedSender } from './schema/senders.ts'
import { renderValidators } from './schema/validators.ts'
import { renderWasm } from './wasm/compile.ts'

const ROOT = join(import.meta.dirname, '..')

const DESCRIPTIONS = 'src/emulators/msys/descriptions.generated.ts'
const FIELDS = 'src/clients/momentum/fields.generated.ts'
const ASSETS = 'src/dashboard/views/assets.generated.ts'

/** Every generated file, as path from the root and text. */
export async function generateAll(): Promise<Map<string, string>> {
  const files = new Map([
    ['src/json/wasm.generated.ts', await renderWasm()],
    [ASSETS, await renderDashboardAssets()],
    ...publishedEvent(),
    ...publishedCli(),
    ...publishedDashboard(),
  ])
  await writeStubs()
  const { PUBLISHED_SENDERS } = await import('./schema/senders.ts')
  for (const strength of ['tolerant', 'strict'])
    files.set(`src/zod/${strength}/all.generated.ts`, renderAll(PUBLISHED_SENDERS.map(({ provider }) => provider)))
  for (const sender of PUBLISHED_SENDERS) for (const [path, text] of generate(sender)) files.set(path, text)
  return files
}

/** A new sender imports validators that are not generated yet. */
async function writeStubs(): Promise<void> {
  for (const { name } of await readdir(join(ROOT, 'src/providers'), { withFileTypes: true })) {
    const folder = join(ROOT, 'src/providers', name)
    const file = join(folder, 'validate.generated.ts')
    if (existsSync(join(folder, 'events.ts')) && !existsSync(file))
      await writeFile(file, 'export const ids = []\nexport const checks = {}\nexport const idsToStrings = () => {}\n')
  }
}

/** Every generated document, as path from the root and text. Runs the readers, so what they are made from comes first, in a process before. */
export async function generateDocs(): Promise<Map<string, string>> {
  const { renderEvents } = await import('./docs/events.ts')
  const { renderHouse } = await import('./docs/house.ts')
  const { renderLogRunbooks } = await import('./docs/log-runbooks.ts')
  const { renderLogEvents } = await import('./docs/log-events.ts')
  const { renderMetrics } = await import('./docs/metrics.ts')
  const { renderRunbooks } = await import('./docs/runbooks.ts')
  const alerts = await readFile(join(ROOT, 'docs/alerts.md'), 'utf8')
  const { renderCli } = await import('./docs/cli.ts')
  const operations = await readFile(join(ROOT, 'docs/operations.md'), 'utf8')
  const metrics = await readFile(join(ROOT, 'docs/metrics.md'), 'utf8')
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const performance = await readFile(join(ROOT, 'docs/performance.md'), 'utf8')
  const { renderNumbers } = await import('./docs/numbers.ts')
  const { renderOptions } = await import('./docs/option-types.ts')
  const { renderLlms } = await import('./docs/llms.ts')
  const pages = new Map([
    ['README.md', withPart(readme, 'numbers', renderNumbers(performance))],
    ['docs/cli.md', renderCli()],
    ['docs/events.md', renderEvents()],
    ['docs/options.md', renderOptions()],
    ['docs/alerts.md', withPart(alerts, 'runbooks', renderRunbooks())],
    ['docs/metrics.md', withPart(metrics, 'metrics', renderMetrics())],
    [
      'docs/operations.md',
      withPart(withPart(operations, 'log events', renderLogEvents()), 'log runbooks', renderLogRunbooks()),
    ],
    [
      'docs/architecture.md',
      withPart(await readFile(join(ROOT, 'docs/architecture.md'), 'utf8'), 'house', renderHouse()),
    ],
  ])
  return pages.set('llms.txt', await renderLlms(pages))
}

/** A document by hand with one generated part, between `<!-- <name>: generated -->` and `<!-- end -->`. */
function withPart(document: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: generated -->\n`, '<!-- end -->']
  const from = document.indexOf(begin) + begin.length
  return `${document.slice(0, from)}${part}\n${document.slice(document.indexOf(end, from))}`
}

function generate(sender: PublishedSender): Array<[path: string, text: string]> {
  const { provider, reads } = sender
  const schemas = annotatedSchemas(sender)
  const ids = idsOf(schemas)
  return [
    [`src/providers/${provider}/validate.generated.ts`, renderValidators(schemas, { ids, reads })],
    [`src/providers/${provider}/payloads.generated.ts`, renderPayloads(sender, schemas)],
    [`src/zod/tolerant/${provider}.generated.ts`, renderFacade(sender, schemas, ids)],
    [`src/zod/strict/${provider}.generated.ts`, renderFacade(sender, schemas, ids)],
    ...publishedSchemas(sender, ids),
    ...(provider === 'momentum'
      ? ([
          [DESCRIPTIONS, renderDescriptions(schemas)],
          [FIELDS, renderFields(schemas)],
        ] satisfies Array<[string, string]>)
      : []),
  ]
}

/** Names of the fields marked as identifiers, in any of the schemas. */
function idsOf(schemas: ReadonlyMap<string, JsonSchema>): readonly string[] {
  const names = new Set<string>()
  for (const { properties = {} } of schemas.values())
    for (const [name, value] of Object.entries(properties)) if (value['x-id']) names.add(name)
  return [...names].sort()
}

/** Paths of the schema files that are checked in. */
export async function checkedInSchemas(): Promise<string[]> {
  const found = await readdir(join(ROOT, 'schemas'), { recursive: true })
  return found.filter((path) => path.endsWith('.json')).map((path) => `schemas/${path.replaceAll('\\', '/')}`)
}

if (import.meta.main && process.argv[2] === 'docs') {
  await write(await generateDocs())
} else if (import.meta.main) {
  const files = await generateAll()
  for (const path of await checkedInSchemas()) if (!files.has(path)) await rm(join(ROOT, path))
  await write(files)
  // In a process of its own: this one has loaded the readers with the validators of before.
  execFileSync(process.execPath, [import.meta.filename, 'docs'], { stdio: 'inherit' })
  console.log(`${files.size} files written, and the documents`)
}

async function write(files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true })
    await writeFile(join(ROOT, path), text)
  }
}
