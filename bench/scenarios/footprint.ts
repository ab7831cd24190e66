/** What it costs to have us at all: time to import, packages, bytes on disk. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Weight, weightOf, weightOfPosthorn } from '../footprint/packages.ts'
import { Figures } from '../harness/results.ts'
import { quantile } from '../harness/stats.ts'
import type { Trials } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const how =
  'Import: a fresh process that imports and ends, less one that imports nothing, in turn, without a compile cache. ' +
  'Install: files as packed or installed, dependencies included, peers of frameworks left out.'

export const footprint: Scenario = { name: 'footprint', title: 'Import time and install size', run }

/** Subject and script. */
const IMPORTS = [
  ['posthorn: express, momentum, sqlite', 'posthorn.mjs'],
  ['express, zod', 'express-zod.mjs'],
  ['fastify, zod', 'fastify-zod.mjs'],
] as const

async function run({ context }: Trials) {
  const figures = new Figures()
  const setting = 'fresh process'
  const started = Array.from({ length: context.either(8, 30) }, () => ({
    bare: startMs('nothing.mjs'),
    imports: IMPORTS.map(([subject, script]) => ({ subject, ms: startMs(script) })),
  }))
  // Single differences would carry the noise of both; the bare start is the same for all of them.
  const bare = quantile(
    started.map((round) => round.bare).sort((a, b) => a - b),
    0.5,
  )
  figures.add({ measure: 'start', subject: 'bare node', setting, unit: 'ms' }, bare)
  for (const { subject, ms } of started.flatMap(({ imports }) => imports))
    figures.add({ measure: 'import over bare node', subject, setting, unit: 'ms' }, ms - bare)
  weigh(figures, 'posthorn', weightOfPosthorn())
  weigh(figures, 'express, zod', weightOf(['express', 'zod']))
  weigh(figures, 'fastify, zod', weightOf(['fastify', 'zod']))
  return figures.result({ ...footprint, how })
}

function weigh(figures: Figures, subject: string, { packages, bytes }: Weight): void {
  const setting = 'as installed'
  figures.add({ measure: 'packages', subject, setting, unit: 'packages' }, packages)
  figures.add({ measure: 'size', subject, setting, unit: 'kB' }, bytes / 1_000)
}

function startMs(script: string): number {
  const env = { ...process.env, NODE_COMPILE_CACHE: undefined, NODE_OPTIONS: undefined }
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, '../footprint', script)], { env })
  if (status !== 0) throw new Error(`${script}: ${stderr}`)
  return performance.now() - began
}
