/** Reading of a request body as bytes: bounded in size, in time and in rate. */
import { createHash, hash } from 'node:crypto'
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib'

export interface BodyLimits {
  /** Largest body, on the wire and decoded, inclusive. */
  readonly maxBytes: number
  /** The whole body must have arrived after this time. */
  readonly bodyMs: number
  /** Below this rate, looked at every second from the fifth on, the sender is too slow. */
  readonly minBytesPerSecond: number
  /** Called with the size of each chunk; false refuses the rest for lack of room. */
  take(bytes: number): boolean
}

export interface Timing {
  now(): number
  after(ms: number, run: () => void): () => void
}

export type BodyFailure = 'body_too_large' | 'body_too_slow' | 'overloaded'

const [RATE_FROM_MS, RATE_EVERY_MS] = [5_000, 1_000]

/**
 * Reads to the end, or to the first limit that is passed; the stream is then left alone, not destroyed.
 * @throws whatever the stream throws when the peer goes away.
 */
export async function readBody(
  chunks: AsyncIterable<Uint8Array>,
  limits: BodyLimits,
  clock: Timing,
): Promise<Uint8Array | BodyFailure> {
  const watch = watchTime(limits, clock)
  const iterator = chunks[Symbol.asyncIterator]()
  const parts: Uint8Array[] = []
  let total = 0
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), watch.expired])
      if (next === 'expired') return 'body_too_slow'
      if (next.done) return join(parts, total)
      total += next.value.length
      watch.arrived(total)
      if (total > limits.maxBytes) return 'body_too_large'
      if (!limits.take(next.value.length)) return 'overloaded'
      parts.push(next.value)
    }
  } finally {
    watch.stop()
    void iterator.return?.()
  }
}

function watchTime(limits: BodyLimits, clock: Timing) {
  const start = clock.now()
  let [total, cancel] = [0, () => {}]
  const expired = new Promise<'expired'>((resolve) => {
    const look = () => {
      const elapsed = clock.now() - start
      if (elapsed >= limits.bodyMs || total < (limits.minBytesPerSecond * elapsed) / 1_000) return resolve('expired')
      cancel = clock.after(Math.min(RATE_EVERY_MS, limits.bodyMs - elapsed), look)
    }
    cancel = clock.after(Math.min(RATE_FROM_MS, limits.bodyMs), look)
  })
  const arrived = (bytes: number) => {
    total = bytes
  }
  return { expired, arrived, stop: () => cancel() }
}

function join(parts: readonly Uint8Array[], total: number): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array
  const whole = new Uint8Array(total)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Hashes in portions that leave the event loop free; one call for small bodies. */
export async function sha256(bytes: Uint8Array, breathe: () => Promise<void>): Promise<Uint8Array> {
  if (bytes.length <= HASH_PORTION) return hash('sha256', bytes, 'buffer')
  const whole = createHash('sha256')
  for (let at = 0; at < bytes.length; at += HASH_PORTION) {
    if (at > 0) await breathe()
    whole.update(bytes.subarray(at, at + HASH_PORTION))
  }
  return whole.digest()
}

const HASH_PORTION = 4 << 20

const decoders = { gzip: createGunzip, zlib: createInflate, raw: createInflateRaw }

/** As large as what a socket hands over: the default of 16 kB makes four times the turns. */
const DECODED_CHUNK = 64 << 10

/**
 * Undoes gzip or deflate, off the event loop; the result has at most `maxBytes`. `take` is called with the size of each
 * decoded chunk as it comes, and refuses the rest with false: a small body may decode to a thousand times its size.
 * `'unreadable'`: the bytes are not what the header says (RFC 9110 section 8.4.1; raw deflate is tolerated).
 */
export function decodeBody(
  bytes: Uint8Array,
  coding: 'gzip' | 'deflate',
  { maxBytes, take }: Pick<BodyLimits, 'maxBytes' | 'take'>,
): Promise<Uint8Array | 'body_too_large' | 'overloaded' | 'unreadable'> {
  const decoder = decoders[coding === 'gzip' ? 'gzip' : isZlib(bytes) ? 'zlib' : 'raw']({ chunkSize: DECODED_CHUNK })
  const parts: Uint8Array[] = []
  let total = 0
  return new Promise((resolve) => {
    const end = (result: Uint8Array | 'body_too_large' | 'overloaded' | 'unreadable') => {
      decoder.destroy()
      resolve(result)
    }
    decoder.on('data', (chunk: Uint8Array) => {
      total += chunk.length
      if (total > maxBytes) end('body_too_large')
      else if (take(chunk.length)) parts.push(chunk)
      else end('overloaded')
    })
    decoder.once('end', () => {
      // Bytes behind the end of a deflate stream would be lost without a word.
      if (decoder.bytesWritten < bytes.length) end('unreadable')
      // A copy where there is one part: it is the front of a buffer of 64 kB that would be kept with it.
      else end(parts.length === 1 ? new Uint8Array(parts[0]!) : join(parts, total))
    })
    decoder.on('error', () => end('unreadable'))
    decoder.end(bytes)
  })
}

/** The header of RFC 1950 section 2.2. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0
}
