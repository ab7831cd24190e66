/**
 * What each shard remembers of the others: which set it is of, its place there, and what each place was to new deliveries
 * when the set was opened last. A list with a shard left out, added, or in another place is refused, since repeats of what
 * is stored would not be known for repeats any more.
 *
 * Processes with the list before and the list after go on beside each other while a change is rolled out. Each step is
 * therefore one that either of the two finds the deliveries of the other after: `gone`, `leaving`, `joining`, `takes`, and
 * back the same way.
 */
import { randomBytes } from 'node:crypto'
import { PosthornError } from '../../errors.ts'
import type { Memos } from '../../ports/inbox/memos.ts'
import type { By, State } from './ring.ts'
import type { Shard } from './shard.ts'

/** The memo of it. */
const ROLL = 'sharded.roll'
const STEPS: readonly State[] = ['gone', 'leaving', 'joining', 'takes']

interface Roll {
  readonly set: string
  readonly by: By
  readonly place: number
  readonly states: readonly State[]
}

interface Remembered {
  readonly shard: Shard
  readonly memos: Memos
  readonly roll: Roll | null
  readonly version: number | null
}

interface Found extends Remembered {
  /** It has stored something. */
  readonly isFilled: boolean
}

export interface Wanted {
  readonly by: By
  readonly states: readonly State[]
}

/** Processes that start a new set at the same time: one of them names it, and the others read that. */
const TRIES = 3

/**
 * Holds what the shards that are open remember against what is wanted, and has them remember that.
 * @throws ERR_INBOX_SHARDS where it is another set, inboxes that were filled each by itself, or a change that is no single step
 * @throws ERR_INBOX_IO where a change cannot be told to every shard, since one does not answer
 */
export async function answerRoll(open: readonly Shard[], away: number, wanted: Wanted, writes: boolean): Promise<void> {
  for (let tries = 1; !(await isAnswered(open, away, wanted, writes)); tries++)
    if (tries === TRIES) throw refused('another process has opened it with another list at the same time')
}

/** False: another process has written meanwhile. */
async function isAnswered(open: readonly Shard[], away: number, wanted: Wanted, writes: boolean): Promise<boolean> {
  const found = await Promise.all(open.map(look))
  const known = found.find(({ roll }) => roll !== null)?.roll ?? null
  for (const { shard, roll } of found) assertOwn(shard, roll, known)
  const { alone, isSet } = assertFilledTogether(found)
  for (const { shard, roll } of isSet ? found : [])
    if (roll === null && (known?.states[shard.place] ?? 'gone') !== 'gone')
      throw refused(`the inbox in place ${shard.place} remembers nothing of it, and the others do: it is another one`)
  if (known !== null && known.by !== wanted.by)
    throw refused(`they were filled by ${known.by}, and are to be by ${wanted.by}: repeats would not be found`)
  assertStep(alone === null ? (known?.states ?? []) : only(alone.shard), wanted.states)
  const set = known?.set ?? randomBytes(8).toString('hex')
  const late = found.filter(({ roll }) => roll === null || !isSame(roll.states, wanted.states))
  if (late.length === 0 || !writes) return true
  if (away > 0)
    throw new PosthornError(
      'ERR_INBOX_IO',
      `A set of shards that is new or changed starts with all of them: ${away} away.`,
    )
  // One after the other: two places of one database meet here. A start that is cut short is repeated: first those that know
  // nothing, and of them what has stored something last, so that an empty one beside it is never one that was lost.
  for (const one of late.toSorted((a, b) => rankOf(a) - rankOf(b)))
    if (!(await write(one, { ...wanted, set, place: one.shard.place }))) return false
  return true
}

const rankOf = ({ roll, isFilled }: Found) => (roll === null ? (isFilled ? 1 : 0) : 2)

/** Of an inbox that was alone until now: what it has stored is all of what there is. */
const only = ({ place }: Shard): readonly State[] =>
  Array.from({ length: place + 1 }, (_, at) => (at === place ? 'takes' : 'gone'))

/**
 * `alone`: the one inbox that has stored something, and is of no set yet. `isSet`: others of the set have stored something.
 * @throws ERR_INBOX_SHARDS where another has, so that repeats of what the one holds would be stored in the other
 */
function assertFilledTogether(found: readonly Found[]): { readonly alone: Found | null; readonly isSet: boolean } {
  const filled = found.filter(({ isFilled }) => isFilled)
  const alone = filled.find(({ roll }) => roll === null)
  if (alone === undefined || filled.length === 1) return { alone: alone ?? null, isSet: filled.length > 0 && !alone }
  const [one, other] = [alone, filled.find((each) => each !== alone)].map((each) => each?.shard.place)
  throw refused(
    `the inbox in place ${one} was filled by itself, and so was what is in place ${other}: the deliveries of each would be ` +
      'looked for in the other. Start a set with one that is filled at most, and let a receiver of its own empty the other',
  )
}

/** Of a shard that has come later: whether it is the one of its place. */
export async function answerRollOf(late: Shard, open: readonly Shard[]): Promise<void> {
  const { roll } = await read(late)
  // One of them that is away keeps no other away.
  const others = await Promise.allSettled(open.map(read))
  const known = others.flatMap((one) => (one.status === 'fulfilled' && one.value.roll) || []).at(0) ?? null
  for (const one of others) if (known === null && one.status === 'rejected') throw one.reason
  assertOwn(late, roll, known)
  if (roll === null) throw refused(`shard ${late.place} is new: a new set starts with all of its shards`)
}

async function read(shard: Shard): Promise<Remembered> {
  const { memos } = shard.port
  if (memos === undefined) throw refused(`shard ${shard.place} keeps no memos`)
  const memo = await memos.read(ROLL)
  return { shard, memos, roll: memo === null ? null : parse(shard, memo.text), version: memo?.version ?? null }
}

async function look(shard: Shard): Promise<Found> {
  const [newest] = await shard.port.records.list('deliveries', { before: null, limit: 1 })
  return { ...(await read(shard)), isFilled: newest !== undefined }
}

function parse(shard: Shard, text: string): Roll {
  try {
    const { form, ...roll } = JSON.parse(text) as Roll & { readonly form: number }
    if (form === 1 && roll.states.every((state) => STEPS.includes(state))) return roll
  } catch {
    // Told below.
  }
  throw refused(`what shard ${shard.place} remembers was written by a newer version`)
}

function assertOwn({ place }: Shard, roll: Roll | null, known: Roll | null): void {
  if (roll === null || known === null) return
  if (roll.set !== known.set) throw refused(`shard ${place} is of another set of shards than the first`)
  if (roll.place !== place)
    throw refused(`the inbox in place ${place} was in place ${roll.place}: keep the order of the list`)
}

function assertStep(before: readonly State[], wanted: readonly State[]): void {
  // Nothing is stored yet: any list is the first one.
  if (before.length === 0) return
  const places = Math.max(before.length, wanted.length)
  for (let place = 0; place < places; place++) {
    const [from, to] = [before[place] ?? 'gone', wanted[place] ?? 'gone']
    if (Math.abs(STEPS.indexOf(from) - STEPS.indexOf(to)) > 1)
      throw refused(`shard ${place} was "${from}" and is to be "${to}": between them comes ${between(from, to)}`)
  }
}

function between(from: State, to: State): string {
  const [a, b] = [STEPS.indexOf(from), STEPS.indexOf(to)]
  const steps = STEPS.slice(Math.min(a, b) + 1, Math.max(a, b)).map((step) => `"${step}"`)
  return `a start with it as ${(a < b ? steps : steps.reverse()).join(', then as ')}`
}

/** False: another process was faster, or this is the inbox of an earlier place. */
async function write({ memos, version }: Found, roll: Roll): Promise<boolean> {
  return (await memos.write(ROLL, JSON.stringify({ form: 1, ...roll }), version)) !== null
}

const isSame = (one: readonly State[], other: readonly State[]): boolean => one.join() === other.join()

const refused = (why: string) =>
  new PosthornError('ERR_INBOX_SHARDS', `These shards cannot be opened together: ${why}.`)
