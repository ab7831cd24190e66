/** Reading of a request body as bytes: bounded in size, in time and in rate. */
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import type { BodyFailure, BodyLimits, Timing } from './body-limits.ts'
import { BodyReader } from './body-reader.ts'
import { type Chunks, flowOf } from './flow.ts'
import { type Gathered, Gatherer } from './gather.ts'

/**
 * Reads to the end, or to the first limit that is passed; the stream is then left alone, not destroyed.
 * @throws whatever the stream throws when the peer goes away.
 */
export function readBody(
  body: Chunks,
  limits: BodyLimits,
  clock: Timing,
  announced: number | null = null,
): Promise<Gathered | BodyFailure> {
  return new BodyReader(limits, clock, announced).read(flowOf(body))
}

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
): Promise<Gathered | 'body_too_large' | 'overloaded' | 'unreadable'> {
  const decoder = decoders[coding === 'gzip' ? 'gzip' : isZlib(bytes) ? 'zlib' : 'raw']({ chunkSize: DECODED_CHUNK })
  const gatherer = new Gatherer()
  return new Promise((resolve) => {
    const end = (result: Gathered | 'body_too_large' | 'overloaded' | 'unreadable') => {
      decoder.destroy()
      resolve(result)
    }
    decoder.on('data', (chunk: Uint8Array) => {
      if (gatherer.total + chunk.length > maxBytes) end('body_too_large')
      else if (take(chunk.length)) gatherer.add(chunk)
      else end('overloaded')
    })
    // Bytes behind the end of a deflate stream would be lost without a word.
    decoder.once('end', () => end(decoder.bytesWritten < bytes.length ? 'unreadable' : alone(gatherer.end())))
    decoder.on('error', () => end('unreadable'))
    decoder.end(bytes)
  })
}

/** One small part is the front of a buffer of 64 kB, which would be kept with it. */
function alone(gathered: Gathered): Gathered {
  const { bytes } = gathered
  return bytes.length === bytes.buffer.byteLength ? gathered : { ...gathered, bytes: new Uint8Array(bytes) }
}

/** The header of RFC 1950 section 2.2. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0
}
