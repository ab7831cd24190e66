/** Answers, built from the one table. */
import { ANSWERS, type AnswerCode } from '../errors.ts'
import type { NeutralResponse } from './ports.ts'

const JSON_TYPE = 'application/json'

export function answerOk(body: object, closeConnection: boolean, onUndelivered?: () => void): NeutralResponse {
  const headers = { 'content-type': JSON_TYPE }
  return { status: 200, headers, body: JSON.stringify(body), closeConnection, code: null, onUndelivered }
}

export function refuse(code: AnswerCode, more: Readonly<Record<string, string>> = {}): NeutralResponse {
  const { status, message, retryAfter, close } = ANSWERS[code]
  const headers: Record<string, string> = { 'content-type': JSON_TYPE, ...more }
  if (retryAfter !== null) headers['retry-after'] = String(retryAfter)
  return { status, headers, body: JSON.stringify({ error: code, message }), closeConnection: close, code }
}
