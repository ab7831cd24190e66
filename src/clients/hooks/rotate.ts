/** The secret of a hook, changed for another at the sender, once the target takes both. */
import { keysOf, knownKeys } from '../../lib/options.ts'
import { assertSecret } from '../../lib/secret.ts'
import type { Secret } from '../../types.ts'
import { checkedSignal } from '../api/arguments.ts'
import { type CallOptions, textOf } from '../api/settings.ts'
import { type Probed, postTest } from './probe.ts'

export interface RotateOptions extends CallOptions {
  /** The new token, or password. */
  readonly to: Secret
}

export interface Rotated {
  /** `switched`: the sender has the new secret. `refused`: the target does not take both; nothing was changed. */
  readonly result: 'switched' | 'refused'
  /** How the target answers to the secret that is defined. */
  readonly old: Probed
  /** How it answers to the new one. */
  readonly new: Probed
  /** When the sender got the new secret; null when it did not. */
  readonly switchedAt: Date | null
}

/** How one hook is rotated: the header that its sender writes, its own test body, and the change there. */
export interface Rotation {
  readonly target: Secret
  readonly defined: Secret
  readonly body: unknown
  headers(secret: string): Readonly<Record<string, string>>
  change(to: Secret, options: CallOptions): Promise<unknown>
}

const KEYS = keysOf<RotateOptions>({ to: true, signal: true })

/** @throws OptionError; ApiError; ERR_SECRET_MISSING */
export async function rotateHook(name: string, rotation: Rotation, options: RotateOptions): Promise<Rotated> {
  const what = `rotate: hook "${name}"`
  knownKeys('rotate: the options', options, KEYS)
  assertSecret('rotate: to', options.to)
  const signal = checkedSignal('rotate', options.signal)
  const target = await textOf(`${what}: target`, rotation.target)
  const [old, to] = [await textOf(`${what}: the secret`, rotation.defined), await textOf('rotate: to', options.to)]
  const probe = (secret: string) => postTest(target, rotation.headers(secret), rotation.body, signal)
  const probed = { old: await probe(old), new: await probe(to) }
  // What waits at the sender still comes with the old one.
  if (!probed.old.ok || !probed.new.ok) return { result: 'refused', ...probed, switchedAt: null }
  await rotation.change(to, signal === undefined ? {} : { signal })
  return { result: 'switched', ...probed, switchedAt: new Date() }
}

export const basicHeader = (username: string, password: string): Readonly<Record<string, string>> => {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}
