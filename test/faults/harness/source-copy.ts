/** Copies of the source with one fault put in, and the faults that the suite must catch. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from './site.ts'

const ROOT = join(import.meta.dirname, '../../..')

export interface Patch {
  readonly file: string
  /** Must be in the file exactly once. */
  readonly find: string
  readonly replace: string
}

export type Mutant = readonly Patch[]

/** A checkout in which the receiver process of the harness runs with this fault. */
export function copyWith(mutant: Mutant): string {
  const root = newFolder()
  cpSync(join(ROOT, 'src'), join(root, 'src'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'))
  mkdirSync(join(root, 'test/faults'), { recursive: true })
  for (const part of ['test/faults/harness', 'test/support'])
    cpSync(join(ROOT, part), join(root, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  for (const patch of mutant) apply(root, patch)
  return root
}

function apply(root: string, { file, find, replace }: Patch): void {
  const path = join(root, file)
  const parts = readFileSync(path, 'utf8').split(find)
  if (parts.length !== 2) throw new Error(`expected once in ${file}, found ${parts.length - 1} times: ${find}`)
  writeFileSync(path, parts.join(replace))
}

const synchronous = (mode: string, value: number): Mutant => [
  {
    file: 'src/inboxes/sqlite/file/db/connect.ts',
    find: 'PRAGMA synchronous = FULL',
    replace: `PRAGMA synchronous = ${mode}`,
  },
  { file: 'src/inboxes/sqlite/file/db/connect.ts', find: "'synchronous', 2)", replace: `'synchronous', ${value})` },
]

export const MUTANTS = {
  'synchronous=NORMAL': synchronous('NORMAL', 1),
  'synchronous=OFF': synchronous('OFF', 0),
  'acknowledged before the commit': [
    {
      file: 'src/inboxes/sqlite/main/owner-session.ts',
      find: 'const accepted = await this.#outbox.accept(delivery, given)',
      replace:
        "this.#outbox.accept(delivery, given).catch(() => {})\n    const accepted = { status: 'accepted', seq: 0, isDone: false } as Accepted & { body?: undefined }",
    },
  ],
  'a failed commit acknowledged': [
    {
      file: 'src/core/receive/acknowledge.ts',
      find: "resolve({ code: 'storage_failed', late: null })",
      replace: "resolve({ status: 'accepted' as const, seq: 0, isDone: false })",
    },
  ],
  'settled before the handler ends': [
    {
      file: 'src/core/process/pass.ts',
      find: 'if (this.outstanding > 0) await this.untilFewerThan(1)\n      return this.#result.complete(',
      replace: 'return this.#result.complete(',
    },
  ],
  'settled when claimed': [
    {
      file: 'src/inboxes/sqlite/file/ledger/passes.ts',
      find: 'draft.progress = { ...draft.progress, claimed }',
      replace: 'draft.progress = { ...draft.progress, claimed, mark: claimed }',
    },
  ],
  'forgotten when a handler fails': [
    {
      file: 'src/core/process/lane.ts',
      find: "case 'retry':\n        return {",
      replace: "case 'retry':\n        if (index >= 0) return null\n        return {",
    },
  ],
  'id without the hash': [
    {
      file: 'src/core/receive/identity.ts',
      find: '), sha256])',
      replace: '), sha256.subarray(0, 0)])',
    },
    {
      file: 'src/inboxes/sqlite/file/log/dedupe.ts',
      find: 'if (stored && Buffer.compare(stored.sha256, sha256) === 0) return seq',
      replace: 'if (stored) return seq',
    },
  ],
  'no dedupe': [
    {
      file: 'src/inboxes/sqlite/file/log/dedupe.ts',
      find: 'if (stored && Buffer.compare(stored.sha256, sha256) === 0) return seq',
      replace: 'if (stored && sha256.length < 0) return seq',
    },
  ],
  'claims of the dead forgotten': [
    {
      file: 'src/inboxes/sqlite/file/ledger/passes.ts',
      find: 'for (; seq <= claimed; seq++) yield seq',
      replace: 'for (; seq <= claimed; seq++) if (seq < 0) yield seq',
    },
  ],
  'no note before a dangerous call': [
    { file: 'src/core/process/pass.ts', find: 'await this.#parts.noteCalls(this, calls)', replace: '' },
  ],
  'two owners': [
    {
      file: 'src/inboxes/sqlite/file/db/ownership.ts',
      find: "db.exec('BEGIN EXCLUSIVE')",
      replace: "db.exec('BEGIN')",
    },
  ],
  'stored as text': [
    {
      file: 'src/core/receive/acknowledge.ts',
      find: 'body: read.bytes,',
      replace: 'body: new TextEncoder().encode(JSON.stringify(JSON.parse(new TextDecoder().decode(read.bytes)))),',
    },
  ],
} as const satisfies Record<string, Mutant>

/** The release after this one: one step more of the schema. */
export const NEXT_RELEASE: Mutant = [
  {
    file: 'src/inboxes/sqlite/file/db/connect.ts',
    find: "import { APPLICATION_ID, migrations } from './migrations.ts'",
    replace:
      "import { APPLICATION_ID, migrations as released } from './migrations.ts'\n" +
      "const migrations = [...released, 'CREATE TABLE of_next_release (x INTEGER) STRICT; UPDATE progress SET mark = mark']",
  },
]

/** Faults of the order over PostgreSQL, which a life must find. */
export const MUTANTS_POSTGRES = {
  'every process runs a handler with an order': [
    {
      file: 'src/inboxes/postgres/claims/claim.ts',
      find: 'return this.#session.orders.runs(owner, name) && found.orders.get(name) === owner',
      replace: 'return true',
    },
  ],
  'a first pass does not look at those of other processes': [
    {
      file: 'src/inboxes/postgres/claims/claim.ts',
      find: 'seq < from ? [] : [handler]',
      replace: 'seq < from ? [] : [handler].slice(1)',
    },
  ],
} satisfies Record<string, Mutant>

/** As it, of an inbox in PostgreSQL: what it adds the present build does not know. */
export const NEXT_RELEASE_POSTGRES: Mutant = [
  {
    file: 'src/inboxes/postgres/db/migrations.ts',
    find: 'ORDERING]',
    replace:
      "ORDERING, 'CREATE TABLE @of_next_release (x int4); ALTER TABLE @settled ADD COLUMN of_next_release int4 DEFAULT 7']",
  },
]
