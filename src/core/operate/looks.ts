/** Counts over time, last uses and actions, as users see them. */
import { OptionError } from '../../errors.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { LookPort, NewAction, Step } from '../../ports/inbox/look.ts'
import type { VerbReport } from '../../public/inbox.ts'
import type { CredentialHistory, InboxAction, TallyCount, TallyFilter } from '../../public/look.ts'

const STEP_MS: Readonly<Record<Step, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }
const DAY_MS = 86_400_000
/** Steps that are read at once: some ms of the thread of a file. */
const AT_ONCE: Readonly<Record<Step, number>> = { minute: 60, hour: 24, day: 30 }

/** @throws OptionError where the inbox keeps nothing of the kind */
function lookOf(inbox: InboxPort, verb: string): LookPort {
  if (inbox.look === undefined) throw new OptionError(`inbox.${verb}: this inbox keeps no counts over time`)
  return inbox.look
}

export async function* tallies(inbox: InboxPort, filter: TallyFilter, now: number): AsyncGenerator<TallyCount> {
  const look = lookOf(inbox, 'tallies')
  const { step = 'hour', source, words } = filter
  const size = STEP_MS[step]
  const end = Math.ceil((filter.until?.getTime() ?? now + 1) / size) * size
  const begin = Math.floor((filter.since?.getTime() ?? now - DAY_MS) / size) * size
  const isAsked = (word: string) =>
    words === undefined || words.some((one) => word === one || word.startsWith(`${one}:`))
  for (let from = begin; from < end; from += AT_ONCE[step] * size) {
    const rows = await look.tallies({ from, to: Math.min(end, from + AT_ONCE[step] * size), step })
    for (const { at, n, sum, ...row } of rows)
      if ((source === undefined || row.source === source) && isAsked(row.word))
        yield { at: new Date(at), ...row, count: n, sum }
  }
}

export async function seen(inbox: InboxPort): Promise<readonly CredentialHistory[]> {
  const uses = await lookOf(inbox, 'seen').seen()
  return uses.map(({ source, credential, firstAt, lastAt, count }) => {
    return { source, credential, firstUsedAt: new Date(firstAt), lastUsedAt: new Date(lastAt), count }
  })
}

const ALL = 1_000

export async function actions(inbox: InboxPort): Promise<readonly InboxAction[]> {
  const stored = await lookOf(inbox, 'actions').actions(ALL)
  return stored.map(({ at, who, verb, filter, matched, queued }) => {
    return { at: new Date(at), who, verb, filter: JSON.parse(filter) as Record<string, unknown>, matched, queued }
  })
}

/** Of what was done; that it could not be noted does not undo it. */
export async function noted<R extends Partial<VerbReport>>(
  inbox: InboxPort,
  { verb, filter, at }: Pick<NewAction, 'verb' | 'at'> & { readonly filter: object },
  report: R,
): Promise<R> {
  const { matched = 0, queued = 0 } = report
  const action = { at, who: null, verb, filter: JSON.stringify(withoutAddress(filter)), matched, queued }
  await inbox.look?.noteAction(action).catch(() => {})
  return report
}

/** Values of `to` in a text may be addresses, and so is `email`. */
function withoutAddress(filter: object): object {
  const copy: Record<string, unknown> = { ...filter }
  if ('email' in copy) copy.email = '…'
  if (typeof copy.filter === 'string')
    copy.filter = copy.filter.replaceAll(/\bto:(?:"(?:[^"\\]|\\.)*"|[^\s,"]+|,)+/g, 'to:…')
  return copy
}
