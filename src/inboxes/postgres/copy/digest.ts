/** Rows counted and hashed, in any order: on their way in, and as the database gives them back. */
import { hash } from 'node:crypto'
import type { Session } from '../db/database.ts'
import type { Columns, Value } from './tables.ts'

const MODULUS = 1n << 128n
/** Of a read: some of them hold a body for its hash to be taken. */
const AT_ONCE = 1_000

export class Digest {
  rows = 0
  #sum = 0n

  add(values: readonly Value[]): void {
    const text = JSON.stringify(values.map((value) => (value instanceof Uint8Array ? hash('sha256', value) : value)))
    this.rows += 1
    this.#sum = (this.#sum + BigInt(`0x${hash('sha256', text).slice(0, 32)}`)) % MODULUS
  }

  get text(): string {
    return `${this.rows} ${this.#sum.toString(16)}`
  }
}

/** Inside a transaction: what others may write does not count. Bytes are hashed by the server. */
export async function digestOf(tx: Session, { table, columns }: Columns): Promise<string> {
  const digest = new Digest()
  const list = Object.entries(columns).map(([name, type]) => selected(name, type))
  await tx.all(`DECLARE copied NO SCROLL CURSOR FOR SELECT ${list.join(', ')} FROM @${table}`)
  for (let isMore = true; isMore; ) {
    const rows = await tx.all<Record<string, Value>>(`FETCH ${AT_ONCE} FROM copied`)
    for (const row of rows) digest.add(Object.keys(columns).map((name) => row[name] ?? null))
    isMore = rows.length === AT_ONCE
  }
  await tx.all('CLOSE copied')
  return digest.text
}

function selected(name: string, type: string): string {
  if (type === 'bytea') return `encode(sha256(${name}), 'hex') AS ${name}`
  return type === 'uuid' ? `replace(${name}::text, '-', '') AS ${name}` : name
}
