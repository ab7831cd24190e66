/** The secrets of a configuration: whether they are there, and long enough. */
import { systemClock } from '../../core/base/clock.ts'
import { port } from '../../lib/symbols.ts'
import type { Source } from '../../ports/provider.ts'
import type { AnyEvent, LogFacts } from '../../types.ts'
import { type Finding, ill, well } from './finding.ts'

const NEW = `node -p "require('node:crypto').randomBytes(27).toString('base64url')"`

export async function secrets(sources: Readonly<Record<string, Source<AnyEvent>>>): Promise<Finding[]> {
  const each = await Promise.all(Object.entries(sources).map(([name, source]) => secretOf(name, source)))
  return [...each, ...(await equals(sources))]
}

/** Sources that one secret lets in to. */
async function equals(sources: Readonly<Record<string, Source<AnyEvent>>>): Promise<Finding[]> {
  const byCarried = new Map<string, string[]>()
  for (const [name, source] of Object.entries(sources)) {
    const carried = await carriedBy(name, source)
    if (carried !== null) byCarried.set(carried, [...(byCarried.get(carried) ?? []), name])
  }
  const shared = [...byCarried.values()].filter((names) => names.length > 1)
  return shared.map((names) => {
    const what = `${names.map((name) => `"${name}"`).join(' and ')} let in with the same secret`
    return ill('secret_equal', what, 'whoever knows it for one can post as the others', NEW)
  })
}

/** What a sender would send; null where there is nothing, or it cannot be told. */
async function carriedBy(name: string, source: Source<AnyEvent>): Promise<string | null> {
  const { auth } = source[port]
  if (auth.scheme === 'unauthenticated') return null
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  const at = { env: process.env, logger, source: name, now: () => Date.now() }
  const presented = await auth[port].present?.(at).catch(() => null)
  return presented ? JSON.stringify([presented.rawHeaders, presented.query, presented.segment]) : null
}

async function secretOf(name: string, source: Source<AnyEvent>): Promise<Finding> {
  const { auth } = source[port]
  const told: string[] = []
  const tell = (facts: LogFacts, message: string) => {
    if (facts.event === 'secret.short') told.push(message)
  }
  const logger = { info: tell, warn: tell, error: tell }
  const notice = (_: string, __: unknown, message: string, facts: LogFacts) => tell(facts, message)
  try {
    await auth[port].prepare({ env: process.env, logger, notice, clock: systemClock, source: name })
  } catch (error) {
    const why = 'the receiver does not start without it'
    return ill(
      'secret',
      error instanceof Error ? error.message : String(error),
      why,
      'set the variable where the server runs',
    )
  }
  if (auth.scheme === 'unauthenticated')
    return ill(
      'secret',
      `"${name}" lets everybody in`,
      'anybody can post events',
      'give the source an auth: docs/authentication.md',
    )
  const [short] = told
  if (short === undefined) return well('secret', `"${name}": ${auth.scheme}`)
  return ill('secret', short, 'it can be guessed', NEW)
}
