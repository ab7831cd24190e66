import { describeAttacks } from './harness/describe.ts'
import { logs } from './l.ts'

describeAttacks('L: logs, errors, personal data', logs)
