/** Batches of every size, the same for the same random numbers. */
import type { Element, Ledger, Sent } from './ledger.ts'
import { between, type Random } from './random.ts'

/** Mostly small; one in ten of up to 300 kB, one in a hundred of up to 2 MB, which commits alone. `more`: of each element. */
export function mixed(ledger: Ledger, random: Random, more: () => Element = () => ({})): () => Sent {
  return () => {
    const dice = random()
    const most = dice < 0.01 ? 2_000_000 : dice < 0.1 ? 300_000 : 2_000
    const elements = between(random, 1, 8)
    const pad = noise(random, Math.ceil(between(random, 0, most) / elements))
    return ledger.add(Array.from({ length: elements }, (): Element => ({ pad, ...more() })))
  }
}

/** Small ones only. */
export function small(ledger: Ledger): () => Sent {
  return () => ledger.add([{}])
}

/** Text that hardly shrinks, so that it takes its room in the file. */
export function noise(random: Random, length: number): string {
  let text = ''
  while (text.length < length && text.length < BLOCK) text += random().toString(36).slice(2)
  return text.length >= length ? text.slice(0, length) : text.repeat(Math.ceil(length / text.length)).slice(0, length)
}

const BLOCK = 200_000
