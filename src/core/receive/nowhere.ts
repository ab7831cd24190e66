/** What is told of a request whose path is no source: to the operator what there is, to the stranger nothing. */
import type { NeutralRequest, NeutralResponse } from '../../ports/host.ts'
import { refuse } from './answers.ts'
import { placesOf } from './authenticate.ts'
import type { ReceiveParts } from './parts.ts'

/** The path itself is not shown: it may hold a secret. */
export function nowhere(parts: ReceiveParts, { prefix, mount }: NeutralRequest): NeutralResponse {
  const sources = [...parts.sources.keys()]
  const addresses = sources.map((name) => `${placesOf(parts.sources.get(name)).path === 'only' ? '/…' : ''}/${name}`)
  parts.tell('misaddressed', { mount: shownMount(mount ?? prefix), addresses, sources })
  return refuse('unknown_source')
}

/** A host may have a parameter in its mount, and a secret in the parameter: null for what is not of words shorter than secrets. */
function shownMount(mount: string | undefined): string | null {
  return mount !== undefined && SHORT_WORDS.test(mount) ? mount : null
}

const SHORT_WORDS = /^(\/[a-zA-Z_-]{1,13}\d{0,2})+$/
