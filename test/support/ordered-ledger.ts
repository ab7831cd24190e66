/** What an ordered handler did in all processes, as they have written it down one after the other (see `postgres-child.ts`). */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Entry {
  readonly what: 'begin' | 'end' | 'aborted'
  /** Ten times the place in its key, and the key. */
  readonly id: number
  readonly pid: number
}

export class OrderedLedger {
  readonly path = join(mkdtempSync(join(tmpdir(), 'posthorn-ledger-')), 'ledger')

  constructor() {
    writeFileSync(this.path, '')
  }

  get entries(): Entry[] {
    const lines = readFileSync(this.path, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => {
      const [what, id, pid] = line.split(' ')
      return { what: what as Entry['what'], id: Number(id), pid: Number(pid) }
    })
  }

  get ended(): ReadonlySet<number> {
    return new Set(this.entries.flatMap(({ what, id }) => (what === 'end' ? [id] : [])))
  }

  /** What began before each event of its key that was stored before it had ended. */
  outOfOrder(): string[] {
    const ended = new Map<number, number>()
    return this.entries.flatMap(({ what, id }) => {
      const [key, n] = [id % 10, Math.floor(id / 10)]
      const last = ended.get(key) ?? 0
      if (what === 'end') ended.set(key, Math.max(last, n))
      return what === 'begin' && n > last + 1 ? [`${n} of ${key} after ${last}`] : []
    })
  }
}
