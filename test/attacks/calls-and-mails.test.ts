import { callsAndMails } from './calls-and-mails.ts'
import { describeAttacks } from './harness/describe.ts'

describeAttacks('M: callers that wait, and mails', callsAndMails)
