/** A fetch `Request` put to a dashboard. */
import type { BoardAnswer, BoardDoor } from '../ports/board.ts'

export async function handleFetch(door: BoardDoor, request: Request): Promise<Response> {
  const { method, url, headers, body, bodyUsed, signal } = request
  const { search, protocol } = new URL(url)
  const answer = await door.answer({
    ...{ method, query: search.slice(1), rawHeaders: [...headers].flat(), body: bodyUsed ? null : body },
    ...{ peer: undefined, httpVersion: undefined, access: undefined, signal },
    // What stands in the URL is what the host was told, by a proxy maybe.
    isSecure: protocol === 'https:' ? true : undefined,
  })
  return new Response(bodyOf(door, answer, method), { status: answer.status, headers: answer.headers })
}

function bodyOf(
  door: BoardDoor,
  { status, body }: BoardAnswer,
  method: string,
): ConstructorParameters<typeof Response>[0] {
  if (method === 'HEAD' || status === 304 || status === 303) return null
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return body.slice()
  return streamOf(door, body)
}

function streamOf(door: BoardDoor, texts: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = texts[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next().catch((error: unknown) => {
        door.failed('an answer broke off', error)
        throw error
      })
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: async () => void (await iterator.return?.()),
  })
}
