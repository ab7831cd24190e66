import type { Auth } from '../ports/auth.ts'
import type { Secrets } from '../types.ts'
import { headerKind } from './header.ts'
import { assertAlone } from './secrets.ts'

/**
 * Lets in requests that carry one of the secrets in `X-MessageSystems-Webhook-Token`: the `auth_token` of Momentum
 * webhooks and of SparkPost relay webhooks (SparkPost API reference, Webhooks and Relay Webhooks, Aug 2026).
 * @example momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) })
 * @throws OptionError (ERR_SECRET_INVALID) when a literal is unusable
 */
export function token(secrets: Secrets, ...more: readonly never[]): Auth {
  assertAlone('token()', more)
  return headerKind('token', 'X-MessageSystems-Webhook-Token', secrets)
}
