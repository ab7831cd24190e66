/** The first rows, and no look at those behind them. */
export async function* firstOf<T>(rows: AsyncIterable<T> | Iterable<T>, limit: number): AsyncGenerator<T> {
  let count = 0
  if (limit === 0) return
  for await (const row of rows) {
    yield row
    if (++count === limit) return
  }
}
