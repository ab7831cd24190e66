/** How a body lies in the file: as it is, or compressed where that pays. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { letGo } from '../../lib/let-go.ts'

export interface Coded {
  readonly coding: 'zstd' | null
  readonly bytes: Uint8Array
}

/** Smaller bodies gain less than they cost. */
const WORTH_TRYING = 64 * 1024

/** The sender waits for it: a window that stays in the cache of the processor takes a fifth less time (10 MB: 26 ms, not 33). */
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 17 }
/** Results come in pieces that are put together in the end: a few large ones, however large a damaged row says it is. */
const [SMALLEST_CHUNK, LARGEST_CHUNK] = [64 * 1024, 64 * 1024 * 1024]
/** No memory that Node shares among buffers is so large. */
const OF_ITS_OWN = 1024 * 1024
const chunkSizeFor = (size: number) => Math.min(Math.max(SMALLEST_CHUNK, size), LARGEST_CHUNK)

export function encode(body: Uint8Array): Coded {
  if (body.byteLength <= WORTH_TRYING) return { coding: null, bytes: body }
  const bytes = zstdCompressSync(body, { params, chunkSize: chunkSizeFor(body.byteLength >> 2) })
  // Bytes that hardly shrink (images, ciphertext) are not worth undoing at every read.
  if (bytes.byteLength > body.byteLength * 0.9) return { coding: null, bytes: body }
  return { coding: 'zstd', bytes }
}

/** Frees what `encode` made, or the file gave, once nobody reads it: the front of a large memory is all that is in it. */
export function letCodedGo({ coding, bytes }: Coded): void {
  if (coding !== null) letGo(bytes.buffer.byteLength < OF_ITS_OWN ? bytes : new Uint8Array(bytes.buffer))
}

/** @throws when the bytes are not what `encode` made, or more than `size` come out. */
export function decode(coding: string | null, bytes: Uint8Array, size: number): Uint8Array {
  if (coding === null) return bytes
  return zstdDecompressSync(bytes, {
    maxOutputLength: Math.max(size, 1),
    chunkSize: chunkSizeFor(size + 1),
  })
}
