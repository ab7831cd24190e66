/**
 * `--watch`: looks again and again, until a signal. On a terminal what is seen is drawn anew; elsewhere, and with `--json`,
 * what is new or has changed is a line of JSON.
 */
import { stripVTControlCharacters, styleText } from 'node:util'
import { pause } from '../signals.ts'
import { timeText } from './format.ts'
import { whileRead } from './reader.ts'
import { linesOf, say, tell } from './streams.ts'
import { cut, widthOf } from './width.ts'

export interface WatchOptions {
  readonly json: boolean
  readonly utc: boolean
  /** Absent: one look. */
  readonly watch?: boolean | undefined
  /** Between two looks, in ms. */
  readonly every?: number | undefined
}

const EVERY_MS = 2_000

/** What is looked at. */
export interface View {
  /** `posthorn inbox ls`. */
  readonly name: string
  /** As text, by `say` and `tell`. */
  draw(): Promise<unknown>
  /** As JSON, newest first; equal keys are the same thing. */
  lines(stop: AbortSignal): Promise<ReadonlyArray<readonly [key: string, json: string]>>
}

const [OTHER_SCREEN, OWN_SCREEN] = ['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l']
const [HOME, REST_OF_LINE, REST_OF_SCREEN] = ['\x1b[H', '\x1b[K', '\x1b[J']

/** Resolves at the signal, or when nobody reads on; an error of a look ends it. */
export async function watch(view: View, options: WatchOptions, stop: AbortSignal): Promise<void> {
  const { json, utc, every = EVERY_MS } = options
  if (process.stdout.isTTY && !json) await redraw(view, { utc, every }, stop)
  else await whileRead(stop, (end) => follow(view, every, end))
}

interface Redrawn {
  readonly utc: boolean
  readonly every: number
}

async function redraw(view: View, options: Redrawn, stop: AbortSignal): Promise<void> {
  let last: readonly string[] = []
  process.stdout.write(OTHER_SCREEN)
  try {
    while (!stop.aborted) {
      last = await linesOf(() => view.draw())
      process.stdout.write(`${HOME}${framed(last, view, options).join(`${REST_OF_LINE}\n`)}${REST_OF_SCREEN}`)
      await pause(options.every, stop)
    }
  } finally {
    process.stdout.write(OWN_SCREEN)
    // What was seen last stays.
    if (last.length > 0) process.stdout.write(`${last.join('\n')}\n`)
  }
}

/** As many lines as the terminal has room for, and how old they are. */
function framed(lines: readonly string[], { name }: View, { utc, every }: Redrawn): string[] {
  // 0 where the terminal does not know.
  const [rows, columns] = [process.stdout.rows || 24, process.stdout.columns || 80]
  const head = `${timeText(new Date(), utc)}  ${name}  every ${every / 1_000} s, Ctrl-C ends it`
  const shown = fitting(lines, rows - 3, columns)
  return [styleText('dim', cut(head, columns), { stream: process.stdout }), '', ...shown, REST_OF_LINE]
}

/** A line longer than the terminal takes several rows of it. */
function fitting(lines: readonly string[], rows: number, columns: number): readonly string[] {
  const heights = lines.map((line) => Math.ceil(widthOf(stripVTControlCharacters(line)) / columns) || 1)
  if (heights.reduce((sum, height) => sum + height, 0) <= rows) return lines
  let [left, count] = [rows - 1, 0]
  for (const height of heights) {
    left -= height
    if (left < 0) break
    count++
  }
  return [...lines.slice(0, count), `… ${lines.length - count} more`]
}

async function follow(view: View, everyMs: number, stop: AbortSignal): Promise<void> {
  let seen: ReadonlyMap<string, string> | null = null
  while (!stop.aborted) {
    const now = await view.lines(stop)
    if (stop.aborted) return
    const fresh = now.filter(([key, json]) => seen?.get(key) !== json)
    if (seen !== null && seen.size > 0 && now.length > 1 && now.every(([key]) => !seen?.has(key)))
      tell(`More than ${now.length} have come since the last look: some are left out, --limit shows more.`)
    for (const [, json] of fresh.reverse()) say(json)
    seen = new Map(now)
    await pause(everyMs, stop)
  }
}
