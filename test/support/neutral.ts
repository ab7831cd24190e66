/** Requests for the receive half without a host. */

import { hostDoor } from '../../src/lib/symbols.ts'
import type { NeutralRequest, NeutralResponse, ReceiverLike } from '../../src/ports/host.ts'

export interface Post {
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly string[]
  readonly body?: NeutralRequest['body'] | string
  readonly prefix?: string
  readonly source?: string
}

export function neutral(post: Post = {}): NeutralRequest {
  const { method = 'POST', target = '/hooks/shop', headers = [], prefix, source } = post
  const text = post.body === undefined ? '[{"type":"ping"}]' : post.body
  const body = typeof text === 'string' && text !== 'consumed' ? stream(new TextEncoder().encode(text)) : text
  return {
    method,
    target,
    rawHeaders: headers,
    body: body as NeutralRequest['body'],
    whenLeft: () => {},
    prefix,
    source,
  }
}

export async function* stream(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

export interface Answered extends NeutralResponse {
  readonly json: { status?: string; id?: string; error?: string; message?: string }
}

export async function send(receiver: ReceiverLike, post: Post = {}): Promise<Answered> {
  const response = await receiver[hostDoor].receive(neutral(post))
  return { ...response, json: response.body === '' ? {} : JSON.parse(response.body) }
}
