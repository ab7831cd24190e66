/** One long delivery, worked on by processes that are killed in the middle of it, and what they did by their own log. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from '../../support/child.ts'
import type { LongPlan } from './progress-process.ts'
import { newFolder } from './site.ts'

const SCRIPT = join(import.meta.dirname, 'progress-process.ts')

/** One call that was made again although it had gone through. */
export interface Repeat {
  readonly handler: string
  readonly index: number
  /** Of the life in which it had gone through. */
  readonly life: number
  /** How long before the last line of that life it had. */
  readonly beforeDeathMs: number
  /** It had gone through before progress was handed in that is durable. */
  readonly wasSaved: boolean
}

interface Settled {
  readonly pending: number
  readonly deadLetters: number
  /** Elements. */
  readonly quarantined: readonly number[]
}

export interface LongLife {
  readonly settled: Settled | null
  /** Of the inbox, by word. */
  readonly counts: Readonly<Record<string, number>>
  readonly deaths: number
  /** Of all lives. */
  readonly saves: number
  readonly repeats: readonly Repeat[]
  /** By handler, in the order in which the elements went through for the first time. */
  readonly done: ReadonlyMap<string, readonly number[]>
  /** In how many deaths an element was said to be under way by itself, for some handler. */
  readonly alone: ReadonlyMap<number, number>
}

type Kill = Pick<LongPlan, 'killAfterMs' | 'killAfterCalls'>

/** `kills` says how each process ends; the one after them is left alone. */
export async function longLife(plan: Omit<LongPlan, 'path' | 'log'>, kills: readonly Kill[]): Promise<LongLife> {
  const folder = newFolder()
  const files = { path: join(folder, 'inbox.db'), log: join(folder, 'log') }
  let [deaths, settled, counts] = [0, null as Settled | null, {} as LongLife['counts']]
  for (const [life, kill] of [...kills, {}].entries()) {
    const whole: LongPlan = { ...plan, ...files, events: life === 0 ? plan.events : 0, ...kill }
    const child = new Child(SCRIPT, [JSON.stringify(whole)])
    const { signal } = await child.exited
    if (signal === 'SIGKILL') deaths++
    settled = (child.lines.find((line) => 'settled' in line)?.settled ?? settled) as Settled | null
    counts = (child.lines.find((line) => 'counts' in line)?.counts ?? counts) as LongLife['counts']
    if (settled !== null) break
  }
  return { settled, counts, deaths, ...readLog(readFileSync(files.log, 'utf8')) }
}

interface Life {
  readonly begun: (readonly [call: string, at: number])[]
  readonly done: Map<string, number>
  savedAt: number
  noting: readonly string[]
  noted: readonly string[]
  saves: number
  end: number
}

function readLog(text: string): Pick<LongLife, 'saves' | 'repeats' | 'done' | 'alone'> {
  const lives = livesOf(text)
  const known = new Map<string, { life: number; at: number }>()
  const repeats: Repeat[] = []
  for (const [life, { begun, done }] of lives.entries()) {
    for (const [call] of begun) {
      const before = known.get(call)
      if (before !== undefined) repeats.push(repeatOf(call, before, lives))
    }
    for (const [call, at] of done) known.set(call, { life, at })
  }
  const saves = lives.reduce((sum, life) => sum + life.saves, 0)
  return { saves, repeats, done: firstDone(lives), alone: aloneIn(lives) }
}

function aloneIn(lives: readonly Life[]): Map<number, number> {
  const alone = new Map<number, number>()
  for (const { noted, noting } of lives) {
    // A note may have been durable before its process could say so.
    const single = new Set([noted, noting].flatMap((calls) => (calls.length === 1 ? calls : [])))
    for (const call of single) {
      const index = Number(call.split(':').at(-1))
      alone.set(index, (alone.get(index) ?? 0) + 1)
    }
  }
  return alone
}

function repeatOf(call: string, { life, at }: { life: number; at: number }, lives: readonly Life[]): Repeat {
  const [handler = '', index] = call.split(' ')
  const { end = 0, savedAt = 0 } = lives[life] ?? {}
  return { handler, index: Number(index), life, beforeDeathMs: end - at, wasSaved: at < savedAt }
}

function firstDone(lives: readonly Life[]): Map<string, number[]> {
  const done = new Map<string, number[]>()
  const seen = new Set<string>()
  for (const call of lives.flatMap((life) => [...life.done.keys()])) {
    if (seen.has(call)) continue
    seen.add(call)
    const [handler = '', index] = call.split(' ')
    done.set(handler, [...(done.get(handler) ?? []), Number(index)])
  }
  return done
}

/** A line that was cut by a kill is none. */
function livesOf(text: string): Life[] {
  const lives: Life[] = []
  for (const line of text.split('\n').slice(0, -1)) {
    const [what, ...words] = line.split(' ')
    if (what === 'start')
      lives.push({ begun: [], done: new Map(), noting: [], noted: [], savedAt: 0, saves: 0, end: 0 })
    const life = lives.at(-1)
    if (life === undefined) continue
    life.end = Number(words.at(-1))
    const call = words.slice(0, -1).join(' ')
    if (what === 'begun') life.begun.push([call, life.end])
    if (what === 'done') life.done.set(call, life.end)
    if (what === 'noting') life.noting = words.slice(0, -1)
    if (what === 'noted') life.noted = words.slice(0, -1)
    if (what !== 'saved') continue
    life.savedAt = Math.max(life.savedAt, Number(words[0]))
    life.saves++
  }
  return lives
}
