/** Every attack that is tried. */
import { credentials } from './a-credentials.ts'
import { requests } from './a-requests.ts'
import { transport } from './a-transport.ts'
import { configuration } from './c.ts'
import { canaries } from './canary.ts'
import { fuzz } from './fuzz.ts'
import type { Attack } from './harness/attack.ts'
import { shapes } from './j-shapes.ts'
import { texts } from './j-text.ts'
import { logs } from './l.ts'
import { callsAndMails } from './m.ts'
import { tokens } from './t.ts'
import { compression } from './z.ts'

export const attacks: readonly Attack[] = [
  ...credentials,
  ...requests,
  ...transport,
  ...tokens,
  ...shapes,
  ...texts,
  ...compression,
  ...callsAndMails,
  ...logs,
  ...canaries,
  ...configuration,
  ...fuzz,
]
