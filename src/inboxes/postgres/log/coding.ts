/** How a body is stored: as it is, or compressed in the thread pool of Node, which leaves the event loop free. */
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

export interface Coded {
  /** 0: as received; 1: zstd. */
  readonly coding: 0 | 1
  readonly bytes: Uint8Array
}

/** Smaller bodies gain less than they cost. */
const WORTH_TRYING = 64 * 1024
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 17 }

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

export async function encode(body: Uint8Array): Promise<Coded> {
  if (body.byteLength < WORTH_TRYING) return { coding: 0, bytes: body }
  const bytes = await compress(body, { params })
  return bytes.byteLength > body.byteLength * 0.9 ? { coding: 0, bytes: body } : { coding: 1, bytes }
}

/** @throws when the bytes are not what `encode` made, or more than `size` come out */
export async function decode(coding: number, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  return coding === 0 ? bytes : decompress(bytes, { maxOutputLength: Math.max(size, 1) })
}
