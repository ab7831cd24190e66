/** The configuration of the command line, as a value. Exported from `posthorn`. */
import { OptionError } from '../errors.ts'
import { assertFunction, keysOf, knownKeys, wholeNumber } from '../lib/options.ts'
import type { PosthornConfig, ServeOptions } from '../public/config.ts'
import type { Sources } from '../public/options.ts'

const KEYS = keysOf<PosthornConfig>({
  ...{ inbox: true, sources: true, limits: true, memoryBytes: true, handlers: true, logger: true, hooks: true },
  ...{ ack: true, ackWithinMs: true, background: true, onRedelivery: true, retention: true, instrument: true },
  ...{ setup: true, serve: true },
})
const SERVE = keysOf<ServeOptions>({ port: true, host: true, prefix: true, dashboard: true, opsHost: true })

/**
 * The default export of `posthorn.config.ts`, which `posthorn serve` runs and by which `posthorn inbox` finds the inbox.
 * Returns what it is given; opens nothing, and reads no secret.
 *
 * @example
 * export default defineConfig({
 *   inbox: sqlite({ path: './posthorn.db' }),
 *   sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
 *   setup: (receiver) => void receiver.on('effect.suppress', { name: 'suppress' }, suppress),
 * })
 * @throws OptionError for a field that is unknown, and for a `setup` or `serve` that is none
 */
export function defineConfig<const S extends Sources>(config: PosthornConfig<S>): PosthornConfig<S> {
  assertConfig('defineConfig', config)
  return config
}

/** @throws OptionError that begins with the name */
export function assertConfig(name: string, config: unknown): asserts config is PosthornConfig {
  knownKeys(name, config as object, KEYS)
  const { setup, serve = {}, inbox, sources } = config as Partial<PosthornConfig>
  assertFunction(`${name}: setup`, setup)
  if (inbox === undefined || sources === undefined) throw new OptionError(`${name}: takes an inbox and sources`)
  knownKeys(`${name}: serve`, serve, SERVE)
  wholeNumber(`${name}: serve.port`, serve.port, 3_000, 0, 65_535)
  for (const key of ['host', 'prefix', 'opsHost'] as const)
    if (serve[key] !== undefined && typeof serve[key] !== 'string')
      throw new OptionError(`${name}: serve.${key} must be a text`)
}
