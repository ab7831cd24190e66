import { OptionError } from '../errors.ts'
import { port } from '../lib/symbols.ts'
import type { SourcePort } from '../ports/provider.ts'

/** What stands behind a source. @throws OptionError for what no factory has made */
export function portOf(call: string, source: { readonly [port]?: SourcePort }): SourcePort {
  const found = source?.[port]
  if (found?.auth?.[port] === undefined)
    throw new OptionError(`${call}: the source must be made by a provider, for example momentum({ auth })`)
  return found
}
