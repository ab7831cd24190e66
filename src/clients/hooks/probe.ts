/** Test posts from here to the target of a hook. */

export interface Probed {
  readonly ok: boolean
  readonly status: number | null
  /** Null when it is ok. */
  readonly why: string | null
}

/** As long as the most patient of the senders waits. */
const LIMIT_MS = 10_000

/** One POST; ok when the answer is 200, as senders want it. Rejects with the reason of the signal alone. */
export async function postTest(
  target: string,
  headers: Readonly<Record<string, string>>,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<Probed> {
  try {
    const limits = [AbortSignal.timeout(LIMIT_MS), ...(signal === undefined ? [] : [signal])]
    const response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.any(limits),
    })
    await response.body?.cancel()
    const { status } = response
    return { ok: status === 200, status, why: status === 200 ? null : `the target answers ${status}` }
  } catch (error) {
    signal?.throwIfAborted()
    // Its message may quote the header.
    const { cause, name } = error as { cause?: { code?: unknown }; name?: unknown }
    return { ok: false, status: null, why: `the target does not answer: ${String(cause?.code ?? name)}` }
  }
}
