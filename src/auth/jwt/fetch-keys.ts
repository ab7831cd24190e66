/** One fetch of the keys of an issuer: bounded in time and size, without redirects. */
import type { Clock } from '../../ports/clock.ts'
import type { RemoteRules } from './options.ts'

/** Issuers have a handful of keys, 30 kB where they come with certificates. */
const MOST_BYTES = 256 * 1024

/** What went wrong, in a word; never an address or what came. */
export class FetchFault extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** The text of the answer. @throws FetchFault, or what fetch throws */
export async function fetchKeys({ url, timeoutMs, fetch }: RemoteRules, clock: Clock): Promise<string> {
  const controller = new AbortController()
  const late = Promise.withResolvers<never>()
  // A fetch that was given to us may not listen to its signal.
  const cancel = clock.after(timeoutMs, () => {
    controller.abort()
    late.reject(new FetchFault('timeout'))
  })
  try {
    const { signal } = controller
    const answer = fetch(url.href, { redirect: 'manual', signal, headers: { accept: ACCEPT } }).then(textOf)
    return await Promise.race([answer, late.promise])
  } finally {
    cancel()
    controller.abort()
  }
}

const ACCEPT = 'application/jwk-set+json, application/json'

async function textOf(response: Response): Promise<string> {
  if (response.status !== 200) throw new FetchFault(`status_${response.status}`)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > MOST_BYTES) throw new FetchFault('too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
