/** A filter for a process elsewhere: times without a zone are those of this machine. */
import { parseFilter } from '../../core/filter/parse.ts'
import { printFilter } from '../../core/filter/print.ts'

/** @throws FilterError before anybody is asked */
export const zoned = (verb: string, filter: string): string =>
  printFilter(parseFilter(filter, { now: Date.now(), at: `inbox.${verb}: filter` }))
