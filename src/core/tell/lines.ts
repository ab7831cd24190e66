/** Everything that is told, as lines for operators. */
import type { Notices } from '../base/notices.ts'
import { linesOfRequests } from './lines-of-requests.ts'
import { linesOfWork } from './lines-of-work.ts'
import type { Teller } from './teller.ts'

export function writeLines(teller: Teller, notices: Notices): void {
  teller.listen(linesOfRequests(notices))
  teller.listen(linesOfWork(notices))
}
