/** A rotation from the first step to the last, in the process of the receiver. */
import { systemClock } from '../../core/base/clock.ts'
import { held } from '../../core/base/held.ts'
import { OptionError } from '../../errors.ts'
import { assertFunction, keysOf, kindOf, knownKeys, wholeNumber } from '../../lib/options.ts'
import type { Clock } from '../../ports/clock.ts'
import { pause } from '../api/api.ts'
import { checkedSignal, textIn } from '../api/arguments.ts'
import type { CallOptions } from '../api/settings.ts'
import type { Rotated } from './rotate.ts'

/** What is needed of a receiver. */
export interface RotatingReceiver {
  reloadSecrets(): Promise<void>
  metrics(): {
    readonly credentials: Readonly<
      Record<string, ReadonlyArray<{ readonly label: string | null; readonly lastUsedAt: Date | null }>>
    >
  }
}

export interface RotateSecretOptions extends CallOptions {
  readonly source: string
  /** Label of the secret that goes. */
  readonly old: string
  /** Has what the source reads its secrets from give both; then the receiver reads them. */
  readonly acceptBoth: () => unknown
  /** Gives the sender the new one: `() => hooks.rotate('shop', { to })`. A result of `refused` ends the rotation. */
  readonly switchOver: () => Promise<Rotated | unknown>
  /** Has what the source reads its secrets from give the new one alone; then the receiver reads it. */
  readonly dropOld: () => unknown
  /**
   * How long nobody may have come with the old secret before it goes. Default 8 hours: as long as SparkPost repeats a batch
   * that waits.
   */
  readonly quietMs?: number
}

export interface SecretRotation {
  /** `refused`: the sender was not switched, and both secrets are still accepted. */
  readonly result: 'rotated' | 'refused'
  /** When somebody came with the old secret for the last time; null: not in this process. */
  readonly lastUseOfOld: Date | null
}

const KEYS = keysOf<RotateSecretOptions>({
  ...{ source: true, old: true, acceptBoth: true, switchOver: true, dropOld: true, quietMs: true, signal: true },
})

const DAY_MS = 86_400_000

/**
 * Rotates the secret of a source without refusing a request: it has both secrets accepted, gives the sender the new one, waits
 * for the last use of the old one, removes the old one, and resolves. The process must live that long. `hooks.rotate` is the step
 * that changes the sender.
 * @example
 * await rotateSecret(receiver, {
 *   source: 'shop',
 *   old: '2025',
 *   acceptBoth: () => vault.publish(['2025', '2026']),
 *   switchOver: () => hooks.rotate('shop', { to: () => vault.read('2026') }),
 *   dropOld: () => vault.publish(['2026']),
 * })
 * @throws OptionError; what the three functions and `reloadSecrets` throw; the reason of the signal, which ends the wait with
 * both secrets accepted
 */
export function rotateSecret(receiver: RotatingReceiver, options: RotateSecretOptions): Promise<SecretRotation> {
  return held(rotateSecretIn(systemClock, receiver, options))
}

export async function rotateSecretIn(
  clock: Clock,
  receiver: RotatingReceiver,
  options: RotateSecretOptions,
): Promise<SecretRotation> {
  const { source, old, acceptBoth, switchOver, dropOld, quietMs, signal } = checked(receiver, options)
  const lastUse = () => lastUseOf(receiver, source, old)
  await acceptBoth()
  await receiver.reloadSecrets()
  // Before the sender is switched: what nobody can see cannot be waited for.
  lastUse()
  if (isRefused(await switchOver())) return { result: 'refused', lastUseOfOld: lastUse() }
  const switchedAt = clock.now()
  const quietAt = () => Math.max(switchedAt, lastUse()?.getTime() ?? 0) + quietMs
  while (clock.now() < quietAt()) await pause(clock, Math.min(quietAt() - clock.now(), DAY_MS), signal)
  await dropOld()
  await receiver.reloadSecrets()
  return { result: 'rotated', lastUseOfOld: lastUse() }
}

function checked(receiver: RotatingReceiver, options: RotateSecretOptions) {
  if (typeof receiver?.reloadSecrets !== 'function' || typeof receiver.metrics !== 'function')
    throw new OptionError(`rotateSecret takes a receiver first, got ${kindOf(receiver)}`)
  knownKeys('rotateSecret: the options', options, KEYS)
  for (const name of ['acceptBoth', 'switchOver', 'dropOld'] as const) {
    assertFunction(`rotateSecret: ${name}`, options[name])
    if (options[name] === undefined) throw new OptionError(`rotateSecret needs ${name}, a function`)
  }
  return {
    ...options,
    source: textIn('rotateSecret: source', options.source),
    old: textIn('rotateSecret: old', options.old),
    quietMs: wholeNumber('rotateSecret: quietMs', options.quietMs, 8 * 3_600_000, 0),
    signal: checkedSignal('rotateSecret', options.signal),
  }
}

/** @throws OptionError when the receiver knows no such secret: nobody could see its last use */
function lastUseOf(receiver: RotatingReceiver, source: string, old: string): Date | null {
  const uses = receiver.metrics().credentials[source]?.find(({ label }) => label === old)
  if (uses !== undefined) return uses.lastUsedAt
  throw new OptionError(`rotateSecret: source "${source}" has no secret with the label "${old}"`)
}

function isRefused(outcome: unknown): boolean {
  return typeof outcome === 'object' && outcome !== null && 'result' in outcome && outcome.result === 'refused'
}
