/** Where handlers are called from, in their stacks. */
import { framesOf } from '../../lib/frames.ts'
import { Attempt } from './attempt.ts'

let known: string | undefined

/**
 * The frames above that of the call: how a handler came to be called is of no matter, and differs from one event to the
 * next. Told by the frame itself, since a bundle has our code and that of the application in one file.
 */
export function framesOfHandler(frames: readonly string[]): readonly string[] {
  known ??= callFrame()
  const at = frames.indexOf(known)
  return at > 0 ? frames.slice(0, at) : frames
}

/** Of a call that is made to see it. An application may have turned stacks off. */
function callFrame(): string {
  let frames: readonly string[] = []
  const attempt = new Attempt(1, '', 0, () => {})
  attempt.run(() => {
    frames = framesOf(String(new Error().stack), '')
  }, null)
  return frames[1] ?? ''
}
