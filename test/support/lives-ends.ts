/** What events of random lives are told to do, and what has become of them. */
import fc from 'fast-check'
import { type Fate, HANDLERS, type Host, numberOf, type Posts, type Wanted, type World } from './lives.ts'
import { all } from './receivers.ts'

const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fate>('done') },
  { weight: 2, arbitrary: fc.constantFrom<Fate>('slow', 'fails') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('later', 'dies', 'kills', 'kills') },
)
/** About one in thirty kills every process that hands it to a handler. */
export const wanted: fc.Arbitrary<Wanted> = fc.record({
  id: fc.constantFrom('', '', '', 'x', 'y', 'z'),
  fates: fc.oneof(
    { weight: 30, arbitrary: fc.array(fate, { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constant(Array<Fate>(9).fill('kills')) },
  ),
})

/** By event the handlers it died with; those of all when it is in quarantine. */
export async function failuresOf(host: Host, { firsts }: Posts): Promise<Map<number, readonly string[]>> {
  const failed = new Map<number, readonly string[]>()
  const add = (n: number, names: readonly string[]) => failed.set(n, [...(failed.get(n) ?? []), ...names])
  for (const { handler, event } of (await host.ask(({ inbox }) => all(inbox.deadLetters()))) ?? [])
    if (event !== null) add(numberOf(event), [handler])
  for (const { deliveryId, index } of (await host.ask(({ inbox }) => all(inbox.quarantine()))) ?? [])
    add((firsts.get(deliveryId) ?? Number.NaN) + (index ?? 0), HANDLERS)
  return failed
}

/** Events that have not come to their end with every handler, and are copies of none that has. */
export function lostOf(
  { done }: World,
  { ids }: Posts,
  failed: ReadonlyMap<number, readonly string[]>,
  handlers: readonly string[],
): number[] {
  const isOver = (n: number) => {
    const names = [...(done.get(n) ?? []), ...(failed.get(n) ?? [])]
    return handlers.every((handler) => names.includes(handler))
  }
  const open = [...done.keys()].filter((n) => !isOver(n))
  const absorbing = new Set(ids.filter((id, n) => id !== '' && isOver(n)))
  return open.filter((n) => !absorbing.has(ids[n] as string))
}
