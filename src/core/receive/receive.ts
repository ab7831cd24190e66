/**
 * The receive half: route → look → authenticate (headers only) → admit → read bytes → inbox → 200.
 * Nothing here parses JSON, and nothing the sender waits for depends on the number of events.
 */
import { codeOf } from '../../lib/code-of.ts'
import type { NeutralRequest, NeutralResponse } from '../../ports/host.ts'
import type { SourcePort } from '../../ports/provider.ts'
import { store } from './acknowledge.ts'
import { answerOk, refuse } from './answers.ts'
import { noAddress, placesOf, REFUSED, turnAway } from './authenticate.ts'
import { headersOf } from './body-rules.ts'
import { isProbe } from './identity.ts'
import { takeBody } from './intake.ts'
import type { ReceiveParts } from './parts.ts'
import { allowed, methodOf, sourceName } from './route.ts'
import { tellSenderLeft } from './waiting-sender.ts'

export function createReceive(parts: ReceiveParts): (request: NeutralRequest) => Promise<NeutralResponse> {
  const hasSegment = (name: string) => placesOf(parts.sources.get(name)).path !== null
  return async function receive(request) {
    let name: string | null = null
    try {
      name = sourceName(request, hasSegment)
      const port = name === null ? undefined : parts.sources.get(name)
      if (name === null || port === undefined) return told(parts, null, refuse('unknown_source'))
      const method = methodOf(request, port.provider)
      if (method === 'post') return told(parts, name, await post(parts, name, port, request))
      const absent = await noAddress(parts, name, port, request)
      if (absent !== null) return told(parts, name, absent)
      if (method === 'look') return look(parts, name, request.method)
      return told(parts, name, refuse('method_not_allowed', { allow: allowed(port.provider) }))
    } catch (error) {
      parts.notices('internal', 'error', 'a request failed inside Posthorn', { source: name, error: codeOf(error) })
      return told(parts, name, refuse('internal'))
    }
  }
}

function told(parts: ReceiveParts, source: string | null, response: NeutralResponse): NeutralResponse {
  if (response.code !== null) {
    parts.meter.reject(response.code)
    parts.meter.publish('rejected', { source, status: response.status, code: response.code })
    parts.rejected(source, response)
  }
  return parts.closing() && !response.closeConnection ? { ...response, closeConnection: true } : response
}

function look(parts: ReceiveParts, source: string, method: string): NeutralResponse {
  parts.notices(`look:${source}`, 'info', `${method} on "${source}" answered 200: an address check`, { source })
  const answer = answerOk({ status: 'probe' }, parts.closing())
  return method === 'HEAD' ? { ...answer, body: '' } : answer
}

async function post(parts: ReceiveParts, name: string, port: SourcePort, request: NeutralRequest) {
  const beganAt = parts.clock.now()
  const opened = parts.open()
  const checks = opened instanceof Promise ? await opened : opened
  if (typeof checks === 'string') return refuse(checks)
  const asked = checks.get(name)?.(request) ?? REFUSED
  const verdict = asked instanceof Promise ? await asked : asked
  if (!verdict.ok) return turnAway(parts, name, port, verdict)
  // It may have taken its time.
  if (parts.closing()) return refuse('shutting_down')
  parts.meter.letIn(name, verdict.credential, beganAt)
  const headers = headersOf(request.rawHeaders, port.provider.batchIdHeader)
  const from = { source: name, port, credential: verdict.credential, request, headers, beganAt }
  const read = await takeBody(parts, port, request.body, headers)
  if (read === 'body_aborted') tellSenderLeft(parts, from, { deliveryId: null, committed: false })
  if (typeof read === 'string') return refuse(read)
  if (isProbe(read.bytes, port.provider.probes)) return probe(parts, name)
  // Awaited here: a promise given back by an async function is passed on two turns later.
  return await store(parts, from, read)
}

function probe(parts: ReceiveParts, source: string): NeutralResponse {
  parts.meter.add('probes')
  parts.notices(`probe:${source}`, 'info', `a test post arrived on "${source}" and was answered 200`, { source })
  return answerOk({ status: 'probe' }, false)
}
