/** Text as it stands on the wire. */
import { isUtf8 } from 'node:buffer'

/** UTF-8 where it is that, else Latin-1, in which every byte is a character. */
export function textOfWire(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}
