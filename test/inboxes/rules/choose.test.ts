import { expect, it } from 'vitest'
import { type Candidate, choose, type Offer } from '../../../src/inboxes/rules/choose.ts'

const one = (seq: number, more: Partial<Candidate> = {}): Candidate => ({
  ...{ seq, work: false, careful: false, bytes: 1 },
  ...more,
})
const suspect = (seq: number) => one(seq, { careful: true })

/** What is not said to be there must not be asked for. */
const offer = (more: Partial<Offer<Candidate>>): Offer<Candidate> => {
  const unasked = () => {
    throw new Error('not to be asked for')
  }
  return {
    ...{ one: unasked, suspects: unasked, mayHaveCompany: () => true, mayCare: () => true, due: unasked },
    ...{ fresh: unasked, ...more },
  }
}

const nobody = { held: 0, isCareful: false, turn: 0 } as const
const request = { maxDeliveries: 10, maxBytes: 1_000 }
const seqs = ({ picked }: { readonly picked: readonly Candidate[] }) => picked.map(({ seq }) => seq)

it('takes nothing beside what is handled with care', () => {
  expect(seqs(choose(request, { ...nobody, held: 1, isCareful: true }, offer({})))).toEqual([])
})

it('takes the one that was asked for, with care only alone', () => {
  const asked = { ...request, seq: 7 }
  expect(seqs(choose(asked, { ...nobody, held: 1 }, offer({ one: (seq) => one(seq) })))).toEqual([7])
  expect(seqs(choose(asked, nobody, offer({ one: suspect })))).toEqual([7])
  expect(seqs(choose(asked, { ...nobody, held: 1 }, offer({ one: suspect })))).toEqual([])
  expect(seqs(choose(asked, nobody, offer({ one: () => null })))).toEqual([])
})

it('asks for nothing where there is no room', () => {
  expect(seqs(choose({ ...request, maxDeliveries: 0 }, nobody, offer({})))).toEqual([])
})

it('takes what a process died over before all else, and only when it has nothing', () => {
  const suspects = () => [suspect(3), suspect(4)]
  expect(seqs(choose(request, nobody, offer({ suspects })))).toEqual([3, 4])
  expect(seqs(choose(request, { ...nobody, held: 1 }, offer({ suspects })))).toEqual([])
})

it('goes on with the rest while another process is careful', () => {
  const rest = { mayCare: () => false, due: () => [], fresh: () => [one(9)] }
  expect(seqs(choose(request, { ...nobody, held: 1 }, offer({ suspects: () => [suspect(3)], ...rest })))).toEqual([9])
})

it('takes due work and new deliveries in turn, and says whether there may be more', () => {
  const none = { suspects: () => [] }
  const both = choose(request, nobody, offer({ ...none, due: () => [one(1, { work: true })], fresh: () => [one(2)] }))
  expect([seqs(both), both.more]).toEqual([[1, 2], true])
  const all = choose(request, nobody, offer({ ...none, due: () => [], fresh: () => [one(2), one(3)] }))
  expect([seqs(all), all.more]).toEqual([[2, 3], false])
  const few = choose(
    { ...request, maxDeliveries: 1 },
    nobody,
    offer({ ...none, due: () => [], fresh: () => [one(2), one(3)] }),
  )
  expect([seqs(few), few.more]).toEqual([[2], true])
})
