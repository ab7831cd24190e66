/** A list as every command shows it: once, or with `--watch` again and again. */
import { type Column, type OutOptions, showRows } from '../out/lines.ts'
import { tell } from '../out/streams.ts'
import { type WatchOptions, watch } from '../out/watch.ts'
import { firstOf } from './first-of.ts'

export interface RowOptions extends OutOptions, WatchOptions {
  /** At most so many rows, the newest; absent: all. */
  readonly limit?: number | undefined
}

export interface List<T> {
  /** `posthorn inbox ls`. */
  readonly name: string
  /** `deliveries`; null where an empty list says enough. */
  readonly what: string | null
  readonly columns: readonly Column<T>[]
  rows(): AsyncIterable<T> | Iterable<T>
  /** What tells one row from another: where `--after` goes on. */
  key(row: T): string
}

/** Resolves when it is shown, or at the signal that ends a watch. */
export async function showList<T>(list: List<T>, options: RowOptions, stop: AbortSignal): Promise<void> {
  const view = { name: list.name, draw: () => drawn(list, options), lines: () => linesOf(list, options) }
  if (options.watch) await watch(view, options, stop)
  else await view.draw()
}

async function drawn<T>(list: List<T>, options: RowOptions): Promise<void> {
  let last: T | undefined
  async function* told(): AsyncGenerator<T> {
    for await (const row of rowsOf(list, options)) {
      last = row
      yield row
    }
  }
  const shown = await showRows(told(), list.columns, options)
  if (shown === 0 && list.what !== null) tell(`No ${list.what}.`)
  // A list that was cut says so: it must not be taken for all there is.
  if (shown === options.limit && last !== undefined)
    tell(`${shown} shown; more with --after ${quoted(list.key(last))}, or --limit.`)
}

async function linesOf<T>(list: List<T>, options: RowOptions): Promise<Array<readonly [string, string]>> {
  const lines: Array<readonly [string, string]> = []
  for await (const row of rowsOf(list, options)) lines.push([list.key(row), JSON.stringify(row)])
  return lines
}

async function* rowsOf<T>(list: List<T>, { limit = Number.POSITIVE_INFINITY }: RowOptions): AsyncGenerator<T> {
  yield* firstOf(list.rows(), limit)
}

/** As a shell reads it. */
const quoted = (word: string) => (/^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
