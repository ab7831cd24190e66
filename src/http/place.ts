import { OptionError } from '../errors.ts'
import { didYouMean } from '../lib/nearest.ts'
import { shown } from '../lib/options.ts'

/** The last segment of the address where a source issues its tokens. */
export const TOKEN_SEGMENT = 'token'

/** @throws OptionError for a source that is not among `names`, or a prefix that is no path */
export function assertPlace(
  call: string,
  names: readonly string[],
  { source, prefix }: { readonly source?: unknown; readonly prefix?: unknown },
): void {
  if (source !== undefined && (typeof source !== 'string' || !names.includes(source)))
    throw new OptionError(
      `${call}: expected source to be one of ${names.join(', ')}, got ${shown(source)}${typeof source === 'string' ? didYouMean(source, names) : ''}`,
    )
  if (prefix !== undefined && (typeof prefix !== 'string' || !PREFIX.test(prefix)))
    throw new OptionError(`${call}: expected prefix to be a path like /webhooks, got ${shown(prefix)}`)
}

const PREFIX = /^(\/[^/?#]+)+$/
