/** A list as every command shows it: once, or with `--watch` again and again. */
import type { ListOptions, ListProgress } from '../../public/look.ts'
import { counted, quoted } from '../out/format.ts'
import { type Column, type OutOptions, showRows } from '../out/lines.ts'
import { Progress } from '../out/progress.ts'
import { tell } from '../out/streams.ts'
import { type View, type WatchOptions, watch } from '../out/watch.ts'
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
  rows(options: ListOptions): AsyncIterable<T> | Iterable<T>
  /** What tells one row from another: where `--after` goes on. */
  key(row: T): string
}

/** Resolves when it is shown, or at the signal that ends a watch. */
export async function showList<T>(list: List<T>, options: RowOptions, stop: AbortSignal): Promise<void> {
  const view: View = {
    name: list.name,
    draw: () => drawn(list, options, stop),
    lines: (end) => linesOf(list, options, end),
  }
  if (options.watch) await watch(view, options, stop)
  else await view.draw()
}

async function drawn<T>(list: List<T>, options: RowOptions, stop: AbortSignal): Promise<void> {
  let last: T | undefined
  const looking = new Listing(stop, options.watch)
  async function* told(): AsyncGenerator<T> {
    for await (const row of rowsOf(list, options, looking)) {
      last = row
      looking.hide()
      yield row
    }
    looking.hide()
  }
  const shown = await showRows(told(), list.columns, options)
  if (stop.aborted && !options.watch && looking.place !== null && shown !== options.limit)
    tell(`Stopped: go on with --after ${quoted(looking.place)}.`)
  else if (shown === 0 && list.what !== null) tell(`No ${list.what}.`)
  // A list that was cut says so: it must not be taken for all there is.
  if (shown === options.limit && last !== undefined)
    tell(`${shown} shown; more with --after ${quoted(list.key(last))}, or --limit.`)
}

async function linesOf<T>(
  list: List<T>,
  options: RowOptions,
  stop: AbortSignal,
): Promise<Array<readonly [string, string]>> {
  const lines: Array<readonly [string, string]> = []
  for await (const row of rowsOf(list, options, new Listing(stop, true)))
    lines.push([list.key(row), JSON.stringify(row)])
  return lines
}

async function* rowsOf<T>(
  list: List<T>,
  { limit = Number.POSITIVE_INFINITY }: RowOptions,
  { options }: Listing,
): AsyncGenerator<T> {
  yield* firstOf(list.rows(options), limit)
}

/** A filter that few rows match reads many: how far it is stands on stderr, and a signal stops it. */
class Listing {
  readonly options: ListOptions
  readonly #progress = new Progress()
  /** The last row that was looked at. */
  place: string | null = null

  constructor(signal: AbortSignal, isWatch = false) {
    let before = 0
    const onProgress = ({ rows, found, place }: ListProgress) => {
      this.place = place
      // Rows that are shown say enough.
      if (!isWatch && found === before) this.#progress.show(`${counted(rows, 'row')} looked at`)
      before = found
    }
    this.options = { signal, onProgress }
  }

  hide(): void {
    this.#progress.end()
  }
}
