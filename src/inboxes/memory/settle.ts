import type { Settlement } from '../../core/ports.ts'
import { OptionError } from '../../errors.ts'
import type { Store } from './store.ts'

export function settle(store: Store, settlement: Settlement): void {
  const entry = store.at(settlement.seq)
  if (!entry || !store.held.delete(entry.seq))
    throw new OptionError(`settle: delivery ${settlement.seq} is not claimed`)
  if (settlement.firstPass) {
    entry.passed = true
    entry.events = settlement.events
  }
  for (const id of settlement.endedRows) store.work.delete(id)
  for (const row of settlement.rows) {
    const id = store.nextId()
    store.work.set(id, { seq: entry.seq, row: { ...row, id } })
  }
  for (const letter of settlement.dead)
    store.dead.push({ id: store.nextId(), entry, letter: { ...letter, element: new Uint8Array(letter.element) } })
  for (const item of settlement.quarantined) store.quarantined.push({ id: store.nextId(), entry, item })
  for (const [name, count] of Object.entries(settlement.unhandled))
    store.unhandled.set(name, (store.unhandled.get(name) ?? 0) + count)
}
