/** What a test has to undo, whatever became of it. */
import { afterEach } from 'vitest'

const undo: (() => unknown)[] = []

/** Runs after the test, the latest first; one that fails does not keep the others from it. */
export function later(run: () => unknown): void {
  undo.push(run)
}

afterEach(async () => {
  const errors: unknown[] = []
  for (const run of undo.splice(0).reverse())
    try {
      await run()
    } catch (error) {
      errors.push(error)
    }
  if (errors.length > 0) throw new AggregateError(errors, 'not everything could be cleaned up')
})
