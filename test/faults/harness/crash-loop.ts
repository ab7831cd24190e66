/** A process that is killed again and again under load, and what its files grow to. */
import { readdirSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { mixed } from './bodies.ts'
import { between, type Random } from './random.ts'
import { Site } from './site.ts'

const soon = { retry: { minMs: 1, maxMs: 1 } }

/** What crashes must not heap up. */
export interface Heap {
  /** Files beside the database, by their endings. */
  readonly files: readonly string[]
  /** Bytes of the write-ahead log. */
  readonly log: number
  /** Rows of claims, notes and deaths. */
  readonly rows: number
  /** Attempts spent by work that waits. */
  readonly attempts: number
}

export interface Loop {
  readonly faults: readonly string[]
  readonly kills: number
  readonly stored: number
  readonly quarantined: number
  /** The largest of each half of the loop. */
  readonly halves: readonly [Heap, Heap]
  /** After the last start, when everything is settled. */
  readonly end: Heap
}

/** Goes on until `kills` or until it is time. */
export async function crashLoop(random: Random, kills: number, isOver: () => boolean = () => false): Promise<Loop> {
  const site = new Site()
  const next = mixed(site.ledger, random)
  const heaps: Heap[] = []
  // On a slow machine a process is killed before it has made its file, which is then nothing to look at.
  await (await site.start(soon)).end()
  while (heaps.length < kills && !isOver()) {
    const running = await site.launch(soon)
    const load = running.sender.load(4, next)
    await running.sender.acknowledgements(between(random, 0, 25))
    await new Promise((resolve) => setTimeout(resolve, between(random, 0, 12)))
    await running.kill()
    await load
    heaps.push(look(site.path))
  }
  const last = await site.start(soon)
  await last.sender.load(4, () => null)
  await last.control('settled')
  const end = look(site.path)
  const code = await last.end()
  const { faults, stored, quarantined, pending, dead } = await site.audit()
  const wrong = [...faults]
  if (code !== 0) wrong.push(`ended with ${code}`)
  if (pending > 0 || dead > 0) wrong.push(`${pending} wait, ${dead} are dead`)
  const middle = Math.floor(heaps.length / 2)
  const halves = [largest(heaps.slice(0, middle)), largest(heaps.slice(middle))] as const
  return { faults: [...wrong, ...growthOf(halves, end)], kills: heaps.length, stored, quarantined, halves, end }
}

const MIB = 1 << 20
const FILES = ['inbox.db', 'inbox.db-lock', 'inbox.db-shm', 'inbox.db-wal']
/** Of what is stored between two checkpoints, and the largest commit. */
const MOST_LOG = 16 * MIB

function growthOf(halves: readonly [Heap, Heap], end: Heap): string[] {
  const faults: string[] = []
  const [, { files, log, attempts }] = halves
  const strange = files.filter((file) => !FILES.includes(file))
  if (strange.length > 0) faults.push(`files that nobody needs: ${strange.join(', ')}`)
  if (log > MOST_LOG) faults.push(`a write-ahead log of ${log} bytes`)
  if (attempts > 0) faults.push(`${attempts} attempts spent by crashes`)
  if (end.rows > 0) faults.push(`${end.rows} rows of claims, notes and deaths are left`)
  return faults
}

function look(path: string): Heap {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const files = readdirSync(folder).filter((file) => file.startsWith('inbox.db'))
  const log = files.includes('inbox.db-wal') ? statSync(`${path}-wal`).size : 0
  return { files, log, ...rowsIn(path) }
}

function rowsIn(path: string): Pick<Heap, 'rows' | 'attempts'> {
  // For reading, beside an owner or where none is: it leaves the files as they are.
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    const row = db
      .prepare(
        `SELECT (SELECT count(*) FROM first_pass) + (SELECT count(*) FROM under_way) + (SELECT count(*) FROM death)
                + (SELECT count(*) FROM work) AS rows,
                (SELECT coalesce(sum(attempts), 0) FROM work) AS attempts`,
      )
      .get()
    return { rows: Number(row?.rows), attempts: Number(row?.attempts) }
  } finally {
    db.close()
  }
}

function largest(heaps: readonly Heap[]): Heap {
  const most = (of: (heap: Heap) => number) => Math.max(0, ...heaps.map(of))
  return {
    files: [...new Set(heaps.flatMap(({ files }) => files))].sort(),
    log: most(({ log }) => log),
    rows: most(({ rows }) => rows),
    attempts: most(({ attempts }) => attempts),
  }
}
