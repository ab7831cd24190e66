/** Commands over all shards. One that needs a shard which does not answer is rejected, and can be given again. */
import { OptionError } from '../../errors.ts'
import { codeOf } from '../../lib/code-of.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type {
  AnswerTo,
  Command,
  CommandAnswers,
  Cursor,
  CutErrors,
  Erase,
  Prune,
  Pruned,
  Purge,
} from '../../ports/inbox/operations.ts'
import { byPlace, inside, outside } from './numbers.ts'
import { allOf, type Shards } from './shards.ts'

export async function carryOut<C extends Command>(shards: Shards, command: C): Promise<AnswerTo<C>> {
  shards.assertOpen()
  // Each kind has its answer, which is lost on a type parameter.
  return (await answerTo(shards, command)) as AnswerTo<C>
}

function answerTo(shards: Shards, command: Command): Promise<CommandAnswers[Command['kind']]> {
  switch (command.kind) {
    case 'revive':
    case 'drop': {
      const { dead, quarantined } = command.ids
      const [deadBy, quarantinedBy] = [byPlace(dead, same), byPlace(quarantined, same)]
      const ids = (place: number) => ({
        dead: (deadBy.get(place) ?? []).map(inside),
        quarantined: (quarantinedBy.get(place) ?? []).map(inside),
      })
      const places = new Set([...deadBy.keys(), ...quarantinedBy.keys()])
      return sumAt(shards, places, (port, place) => port.carryOut({ ...command, ids: ids(place) }))
    }
    case 'pause':
      // One that does not answer would bring its pause back, or not know of it.
      return shards.every((port) => port.carryOut(command)).then((counts) => Math.max(...counts))
    case 'prune':
      return prune(shards, command)
    case 'erase':
      return erase(shards, command)
    case 'cut':
    case 'purge':
      return inPortions(shards, command)
    case 'replay': {
      const rows = byPlace(command.rows, ({ seq }) => seq)
      const own = (place: number) => (rows.get(place) ?? []).map((row) => ({ ...row, seq: inside(row.seq) }))
      return sumAt(shards, new Set(rows.keys()), (port, place) => port.carryOut({ ...command, rows: own(place) }))
    }
    case 'cancel':
      return firstAbove0(shards, (port) => port.carryOut(command))
    case 'endWork':
      return command.dryRun
        ? shards.every((port) => port.carryOut(command)).then((counts) => counts.reduce((sum, n) => sum + n, 0))
        : firstAbove0(shards, (port) => port.carryOut(command))
  }
}

const same = (id: number) => id

async function sumAt(
  shards: Shards,
  places: ReadonlySet<number>,
  ask: (port: InboxPort, place: number) => Promise<number>,
): Promise<number> {
  const there = shards.all.filter(({ place }) => places.has(place))
  return (await allOf(there.map((shard) => shard.ask((port) => ask(port, shard.place))))).reduce((sum, n) => sum + n, 0)
}

/** 0 says that none has any left. Rejects for one that does not answer when the others have none. */
async function firstAbove0(shards: Shards, ask: (port: InboxPort) => Promise<number>): Promise<number> {
  const errors: unknown[] = []
  for (const shard of shards.all)
    try {
      const count = await shard.askSoon(ask)
      if (count > 0) return count
    } catch (error) {
      errors.push(error)
    }
  if (errors.length > 0) throw errors[0]
  return 0
}

async function erase(shards: Shards, { erasures, ...command }: Erase): Promise<CommandAnswers['erase']> {
  const own = byPlace(erasures, ({ seq }) => seq)
  const asked = shards.all.map(async (shard) => {
    const given = (own.get(shard.place) ?? []).map((one) => ({ ...one, seq: inside(one.seq) }))
    if (given.length === 0) return { erased: 0, busy: [] }
    const { erased, busy } = await shard.ask((port) => port.carryOut({ ...command, erasures: given }))
    return { erased, busy: busy.map((seq) => outside(shard.place, seq)) }
  })
  const all = await allOf(asked)
  return { erased: all.reduce((sum, { erased }) => sum + erased, 0), busy: all.flatMap(({ busy }) => busy) }
}

/** Where a command in portions stands: with which shard, and where there. */
interface Place {
  readonly at: number
  readonly from: Cursor | null
  /** No shard has answered until now. */
  readonly isUnanswered: boolean
}

function placeFrom(cursor: Cursor | null): Place {
  if (cursor === null) return { at: 0, from: null, isUnanswered: true }
  const [, at, kind, rest = ''] = /^(\d+)([nsx-])(.*)$/s.exec(String(cursor)) ?? []
  if (at === undefined) throw new OptionError('this is no cursor of a sharded inbox')
  const from = kind === 'n' ? Number(rest) : kind === 's' ? rest : null
  return { at: Number(at), from, isUnanswered: kind === 'x' }
}

/** null: that was the last of the last. */
function cursorAt(shards: Shards, at: number, next: Cursor | null): Cursor | null {
  if (next !== null) return `${at}${typeof next === 'number' ? 'n' : 's'}${next}`
  return at + 1 < shards.count ? `${at + 1}-` : null
}

/** One that does not answer keeps no other from being pruned; rejects where none answers. */
async function prune(shards: Shards, command: Prune): Promise<Pruned> {
  const { at, from, isUnanswered } = placeFrom(command.from)
  const shard = shards.all[at]
  if (shard === undefined) throw new OptionError('this is no cursor of a sharded inbox')
  try {
    const pruned = await shard.askSoon((port) => port.carryOut({ ...command, from }))
    return { ...pruned, next: cursorAt(shards, at, pruned.next) }
  } catch (error) {
    const after = cursorAt(shards, at, null)
    if (codeOf(error) !== 'ERR_INBOX_IO' || (isUnanswered && after === null)) throw error
    const next = isUnanswered ? `${at + 1}x` : after
    return { ...NOTHING, next, missingShard: shard.place }
  }
}

const NOTHING = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0, over: false }

/** `cut` looks again from the beginning where rows are being worked on: a shard after the other comes to its end. */
async function inPortions(shards: Shards, command: CutErrors | Purge): Promise<Cursor | null> {
  const { at, from } = placeFrom(command.from)
  const shard = shards.all[at]
  if (shard === undefined) throw new OptionError('this is no cursor of a sharded inbox')
  return cursorAt(shards, at, await shard.ask((port) => port.carryOut({ ...command, from })))
}
