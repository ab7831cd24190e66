/** What a command does at SIGINT and SIGTERM. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs it with a signal that the first SIGINT or SIGTERM fires; the second ends the process as usual. */
export async function untilSignal<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const onSignal = () => controller.abort()
  for (const signal of SIGNALS) process.once(signal, onSignal)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}
