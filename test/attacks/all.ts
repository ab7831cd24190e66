/** Every attack that is tried. */

import { callsAndMails } from './calls-and-mails.ts'
import { canaries } from './canary.ts'
import { compression } from './compression.ts'
import { configuration } from './configuration.ts'
import { credentials } from './credentials.ts'
import { fuzz } from './fuzz.ts'
import type { Attack } from './harness/attack.ts'
import { logs } from './logs.ts'
import { requests } from './requests.ts'
import { shapes } from './shapes.ts'
import { texts } from './texts.ts'
import { tokens } from './tokens.ts'
import { transport } from './transport.ts'

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
