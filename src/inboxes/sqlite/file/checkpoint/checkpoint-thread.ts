import type { ThreadCode } from '../../../../lib/thread-code.ts'

/** The code of the checkpoint thread. The build puts its text here: see scripts/build.ts. */
export const CHECKPOINT_THREAD: ThreadCode = new URL('./worker.ts', import.meta.url)
