/** The schemas of a strength by name, and the files of `schemas/` compiled. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { z } from 'zod'
import { catalogue as esputnik } from '../../src/providers/esputnik/catalogue.ts'
import { esputnikSamples, esputnikWire } from '../../src/providers/esputnik/samples.ts'
import type { Fields } from '../../src/providers/kit/samples.ts'
import { catalogue as mailjet } from '../../src/providers/mailjet/catalogue.ts'
import { mailjetSamples, mailjetWire } from '../../src/providers/mailjet/samples.ts'
import { catalogue as momentum } from '../../src/providers/momentum/catalogue.ts'
import { momentumSamples } from '../../src/providers/momentum/samples.ts'
import * as tolerantExports from '../../src/zod/index.ts'
import * as strictExports from '../../src/zod/strict/index.ts'

const root = join(import.meta.dirname, '../../schemas')

/** Of what senders post; those of the command line are held by its tests. */
export const schemaFiles = globSync('**/*.json', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !/^(draft-07\/)?(cli|dashboard)\//.test(file))
  .sort()

export const readSchema = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'))

const compiled = new Map<string, ReturnType<typeof compileAnew>>()

/** Compiled once in each test file. */
export function compile(file: string) {
  const known = compiled.get(file) ?? compileAnew(file)
  compiled.set(file, known)
  return known
}

/** In the strictest way that ajv has; every word that ajv says goes into `said`. */
export function compileAnew(file: string, said: string[] = []) {
  const say = (...words: unknown[]) => void said.push(`${file}: ${words.join(' ')}`)
  const options = { strict: true, logger: { log: say, warn: say, error: say } } as const
  return (file.startsWith('draft-07/') ? new Ajv(options) : new Ajv2020(options)).compile(readSchema(file))
}

type Named = Readonly<Record<string, z.ZodType | undefined>>

export const STRENGTHS = [
  ['tolerant', tolerantExports as unknown as Named, ''],
  ['strict', strictExports as unknown as Named, 'strict/'],
] as const

export const tolerant = STRENGTHS[0][1]
export const strict = STRENGTHS[1][1]

export interface Known {
  readonly provider: 'momentum' | 'mailjet' | 'esputnik'
  /** The native name: `momentum.click`. */
  readonly name: string
  /** The wire key, which is the name of the file too. */
  readonly key: string
  /** The name of the schema in code. */
  readonly code: string
  /** Right events as their JSON was parsed, one for each normalised type. */
  readonly samples: readonly Fields[]
}

type Entries = Readonly<Record<string, { readonly schema: string; readonly payload: string }>>
type Samples = Readonly<Record<string, Readonly<Record<string, Fields>>>>

const knownOf = (provider: Known['provider'], entries: Entries, samples: Samples, wire: (fields: Fields) => string) =>
  Object.entries(entries).map(
    ([name, { schema, payload }]): Known => ({
      provider,
      name,
      key: schema,
      code: `${payload[0]?.toLowerCase()}${payload.slice(1)}`,
      samples: Object.values(samples[name] ?? {}).map((fields) => JSON.parse(wire(fields))),
    }),
  )

export const KNOWN: readonly Known[] = [
  ...knownOf('momentum', momentum, momentumSamples, JSON.stringify),
  ...knownOf('mailjet', mailjet, mailjetSamples, mailjetWire),
  ...knownOf('esputnik', esputnik, esputnikSamples, esputnikWire),
]

/** An element of a body that has this event. */
export const elementOf = ({ provider, key }: Known, event: unknown): unknown =>
  provider === 'momentum' ? { msys: { [key.split('.', 1)[0] ?? '']: event } } : event

export const BODIES = {
  momentum: 'momentumBatch',
  mailjet: 'mailjetBody',
  esputnik: 'esputnikActivities',
} as const
