import type { ThreadCode } from '../../../lib/thread-code.ts'

/** The thread of the file. The build puts its text here: see scripts/build.ts. */
export const INBOX_THREAD: ThreadCode = new URL('../file/worker.ts', import.meta.url)
