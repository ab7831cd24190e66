/** Bodies that cost far more to parse than their bytes: made here, not kept. */

const list = (count: number, item: (n: number) => string) => Array.from({ length: count }, (_, n) => item(n)).join(',')

export interface Bomb {
  readonly input: string
  make(): string
  /** How it ends: whole in quarantine, as one element, or up to 10 000 elements and a row that stands for the rest. */
  readonly quarantined: 'whole' | 'alone' | 'many'
}

export const bombs: readonly Bomb[] = [
  { input: '`[[[[…` 6 000 000 deep', make: () => '['.repeat(6e6), quarantined: 'whole' },
  { input: '`[[…]]` 1 000 000 deep', make: () => '['.repeat(1e6) + ']'.repeat(1e6), quarantined: 'alone' },
  {
    input: '`{"a":{"a":…` 1 000 000 deep',
    make: () => `${'{"a":'.repeat(1e6)}1${'}'.repeat(1e6)}`,
    quarantined: 'alone',
  },
  { input: '`[{},{},…]` of 4 000 000', make: () => `[${'{},'.repeat(4e6 - 1)}{}]`, quarantined: 'whole' },
  { input: '`[{},{},…]` of 12 000', make: () => `[${'{},'.repeat(12e3 - 1)}{}]`, quarantined: 'many' },
  { input: '`[[],[],…]` of 12 000', make: () => `[${'[],'.repeat(12e3 - 1)}[]]`, quarantined: 'many' },
  {
    input: 'a list of 4 000 000 empty lists in one element',
    make: () => `[{"a":[${'[],'.repeat(4e6)}0]}]`,
    quarantined: 'alone',
  },
  { input: 'one object with 800 000 keys', make: () => `{${list(8e5, (n) => `"k${n}":1`)}}`, quarantined: 'alone' },
  {
    input: '700 000 objects in one element, each with its own key',
    make: () => `[{"a":[${list(7e5, (n) => `{"k${n}":1}`)}]}]`,
    quarantined: 'alone',
  },
  {
    input: '700 000 keys near 2^32',
    make: () => `[{${list(7e5, (n) => `"${4_294_967_295 - 3 * n}":1`)}}]`,
    quarantined: 'alone',
  },
  {
    input: '600 000 integers beyond 2^53 in one element',
    make: () => `[{"a":[${'99999999999999999999,'.repeat(6e5)}1]}]`,
    quarantined: 'alone',
  },
  {
    input: '12 000 elements, each 40 deep',
    make: () => `[${list(12_000, () => '['.repeat(40) + ']'.repeat(40))}]`,
    quarantined: 'many',
  },
]
