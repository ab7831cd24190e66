/** What tests of clients have in common: a sender that answers as a test says, and the look at what an error shows. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { expect } from 'vitest'
import { ApiError } from '../../src/clients/index.ts'
import { bodyOf, listening } from '../emulators/site.ts'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export type Answering = (response: ServerResponse, asked: Asked, n: number) => void

/** Answers the n-th request with the n-th of these, and all further ones with the last. */
export async function sender(...answers: readonly Answering[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const url = await listening(async (request, response) => {
    const text = await bodyOf(request)
    const body = text === '' ? null : JSON.parse(text)
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
    asked.push(one)
    const answer = answers[Math.min(asked.length, answers.length) - 1]
    answer?.(response, one, asked.length)
  })
  return { url, asked }
}

export const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answering =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

/** The error that a call rejects with. */
export async function refusalOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ApiError)
  return error as ApiError
}

/** Everything that a program may print of it. */
export function shownOf(error: Error): string {
  return [
    inspect(error, { depth: 10, showHidden: true }),
    String(error.stack),
    JSON.stringify(error),
    String(error),
  ].join()
}
