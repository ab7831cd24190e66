/**
 * The receive half: route → look → authenticate (headers only) → admit → read bytes → inbox → 200; or, for a source that
 * answers by itself, → its answer → inbox.
 * Nothing here parses JSON, and nothing the sender waits for depends on the number of events.
 */
import type { NeutralRequest, NeutralResponse } from '../../ports/host.ts'
import type { SourcePort } from '../../ports/provider.ts'
import { store } from './acknowledge.ts'
import { answerOk, refuse } from './answers.ts'
import { issuesTokensOf, noAddress, placesOf, REFUSED, turnAway } from './authenticate.ts'
import { headersOf } from './body-rules.ts'
import { isProbe } from './identity.ts'
import { takeBody } from './intake.ts'
import { nowhere } from './nowhere.ts'
import type { ReceiveParts } from './parts.ts'
import { respond } from './respond.ts'
import { allowed, methodOf, sourceName, tokenSource } from './route.ts'
import { createTokenDesk } from './token-desk.ts'
import { tellSenderLeft } from './waiting-sender.ts'

export function createReceive(parts: ReceiveParts): (request: NeutralRequest) => Promise<NeutralResponse> {
  const hasSegment = (name: string) => placesOf(parts.sources.get(name)).path !== null
  const hasIssuer = (name: string) => issuesTokensOf(parts.sources.get(name))
  const tokenDesk = createTokenDesk(parts)
  return async function receive(request) {
    let name: string | null = null
    try {
      name = tokenSource(request, hasIssuer)
      if (name !== null) return told(parts, name, await tokenDesk(name, request))
      name = sourceName(request, hasSegment)
      const port = name === null ? undefined : parts.sources.get(name)
      if (name === null || port === undefined) return told(parts, null, nowhere(parts, request))
      const method = methodOf(request, port)
      if (method === 'post') return told(parts, name, await post(parts, name, port, request))
      const absent = await noAddress(parts, name, port, request)
      if (absent !== null) return told(parts, name, absent)
      if (method === 'look') return look(parts, name, request.method)
      return told(parts, name, refuse('method_not_allowed', { allow: allowed(port) }))
    } catch (error) {
      parts.tell('broken', { source: name, error })
      return told(parts, name, refuse('internal'))
    }
  }
}

function told(parts: ReceiveParts, source: string | null, response: NeutralResponse): NeutralResponse {
  if (response.code !== null) parts.tell('refused', { source, status: response.status, code: response.code })
  return parts.closing() && !response.closeConnection ? { ...response, closeConnection: true } : response
}

function look(parts: ReceiveParts, source: string, method: string): NeutralResponse {
  parts.tell('checked', { source, method })
  const answer = answerOk({ status: 'probe' }, parts.closing())
  return method === 'HEAD' ? { ...answer, body: '' } : answer
}

async function post(parts: ReceiveParts, name: string, port: SourcePort, request: NeutralRequest) {
  const beganAt = parts.clock.now()
  const opened = parts.open(port.responder !== undefined)
  const doors = opened instanceof Promise ? await opened : opened
  if (typeof doors === 'string') return refuse(doors)
  const asked = doors.get(name)?.verify(request) ?? REFUSED
  const verdict = asked instanceof Promise ? await asked : asked
  if (!verdict.ok) return turnAway(parts, name, port, verdict)
  // It may have taken its time.
  if (parts.closing()) return refuse('shutting_down')
  parts.tell('authenticated', { source: name, credential: verdict.credential, at: beganAt })
  const headers = headersOf(request.rawHeaders, port.provider.batchIdHeader)
  const from = { source: name, port, credential: verdict.credential, request, headers, beganAt }
  const read = await takeBody(parts, port, request.body, headers)
  if (read === 'body_aborted') tellSenderLeft(parts, from, { deliveryId: null, committed: false, hostAnswered: false })
  if (typeof read === 'string') return refuse(read)
  if (port.responder !== undefined) return await respond(parts, from, read, port.responder)
  if (isProbe(read.bytes, port.provider.probes)) return probe(parts, name)
  // Awaited here: a promise given back by an async function is passed on two turns later.
  return await store(parts, from, read)
}

function probe(parts: ReceiveParts, source: string): NeutralResponse {
  parts.tell('probed', { source })
  return answerOk({ status: 'probe' }, false)
}
