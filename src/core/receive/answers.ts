/** Answers, built from the one table. */
import { ANSWERS, type AnswerCode } from '../../errors.ts'
import type { NeutralResponse } from '../../ports/host.ts'
import type { Accepted } from '../../ports/inbox/intake.ts'

const JSON_HEADERS = Object.freeze({ 'content-type': 'application/json' })

/** Nothing in a status or an id needs escaping. */
export function answerStored(
  status: Accepted['status'],
  id: string,
  onUndelivered: NeutralResponse['onUndelivered'],
): NeutralResponse {
  const body = `{"status":"${status}","id":"${id}"}`
  return { status: 200, headers: JSON_HEADERS, body, closeConnection: false, code: null, onUndelivered }
}

export function answerOk(body: object, closeConnection: boolean): NeutralResponse {
  return { status: 200, headers: JSON_HEADERS, body: JSON.stringify(body), closeConnection, code: null }
}

export function refuse(code: AnswerCode, more: Readonly<Record<string, string>> = {}): NeutralResponse {
  const { status, message, retryAfter, close } = ANSWERS[code]
  const headers: Record<string, string> = { ...JSON_HEADERS, ...more }
  if (retryAfter !== null) headers['retry-after'] = String(retryAfter)
  return { status, headers, body: JSON.stringify({ error: code, message }), closeConnection: close, code }
}
