import { describeAttacks } from './harness/describe.ts'
import { callsAndMails } from './m.ts'

describeAttacks('M: callers that wait, and mails', callsAndMails)
