/**
 * `npm run bench:docs`: docs/performance.md and its plots from docs/performance.json. With a file as argument, that run
 * is made the published one first: `npm run bench:docs -- bench/results/latest.json`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunResult } from '../harness/results.ts'
import { pageOf } from './page.ts'
import { plotsOf } from './plots.ts'

const root = join(import.meta.dirname, '../..')
export const PUBLISHED: string = join(root, 'docs/performance.json')

/** Text by path from the root of the repository. */
export function docsOf(run: RunResult): Map<string, string> {
  const plots = [...plotsOf(run)].map(([name, svg]) => [`docs/performance/${name}`, svg] as const)
  const page = pageOf(
    run,
    plots.map(([path]) => path.replace('docs/', '')),
  )
  return new Map([['docs/performance.md', page], ...plots])
}

function main(from: string | undefined): void {
  if (from !== undefined) writeFileSync(PUBLISHED, readFileSync(from))
  if (!existsSync(PUBLISHED)) throw new Error('no run has been published: give the JSON of one')
  rmSync(join(root, 'docs/performance'), { recursive: true, force: true })
  for (const [path, text] of docsOf(JSON.parse(readFileSync(PUBLISHED, 'utf8')))) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

if (import.meta.main) main(process.argv[2])
