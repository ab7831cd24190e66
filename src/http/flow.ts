/** Bytes that are handed over as they come: no promise for each chunk, and none for their end. */
import { callSafely } from '../lib/call-safely.ts'

/** Where they go. It never throws, and what follows its first end changes nothing. */
export interface Sink {
  /**
   * False: no more is wanted, now and later. `spare`: nobody else reads the chunk, and who has copied it may let its
   * memory go.
   */
  add(chunk: Uint8Array, spare: boolean): boolean
  end(): void
  fail(error: unknown): void
}

export interface Flow {
  /** Called once. What has come already is handed over at once; the flow stops where the sink wants no more. */
  flowInto(sink: Sink): void
  /** Nothing more is handed over; the stream behind it is left alone, not destroyed. */
  stop(): void
}

/** A body in pieces, as a host has it: to be asked for each, or handing them over by itself. */
export type Chunks = AsyncIterable<Uint8Array> | Flow

export function flowOf(chunks: Chunks): Flow {
  if ('flowInto' in chunks) return chunks
  const iterator = chunks[Symbol.asyncIterator]()
  return {
    flowInto: (sink) => void pull(iterator, sink),
    stop: () => leave(iterator),
  }
}

async function pull(iterator: AsyncIterator<Uint8Array>, sink: Sink): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) return sink.end()
      if (!sink.add(value, false)) break
    }
  } catch (error) {
    return sink.fail(error)
  }
  leave(iterator)
}

/** Nothing depends on how an iterator takes it. */
function leave(iterator: AsyncIterator<Uint8Array>): void {
  callSafely(
    () => iterator.return?.(),
    () => {},
  )
}
