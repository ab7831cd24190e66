/**
 * Frees memory outside of the heap that nobody reads any more, at once; what was in it is empty afterwards. It is else
 * freed by the garbage collector, which begins a collection of everything each time that some 16 to 64 MB have come
 * together: with 11 MB a post that took a sixth of the processor time of an acknowledgement, and 50 MB of memory.
 */
export function letMemoryGo(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** Fewer bytes are not worth it. */
export const WORTH_LETTING_GO = 16 * 1024

/** The same for what is behind some bytes, where they are all of it: others may have the rest of a larger memory. */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  if (byteLength >= WORTH_LETTING_GO && byteLength === buffer.byteLength) letMemoryGo(buffer)
}
