/** Waiting for what others do, for so long. */
import type { WatchDoor } from '../ports/watch-door.ts'

/** An inbox that takes longer does not answer. */
export const PATIENCE_MS = 10_000

/** Rejects where it takes longer; it is not waited for then, and what it comes to does not matter. */
export function within<T>(door: WatchDoor, ms: number, run: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new DOMException(`It took longer than ${ms} ms.`, 'TimeoutError'))
    const cancel = door.after(ms, late)
    new Promise<T>((started) => started(run())).then(resolve, reject).finally(cancel)
  })
}
