import { describeAttacks } from './harness/describe.ts'
import { logs } from './logs.ts'

describeAttacks('L: logs, errors, personal data', logs)
