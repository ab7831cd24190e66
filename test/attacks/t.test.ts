import { describeAttacks } from './harness/describe.ts'
import { tokens } from './t.ts'

describeAttacks('T: tokens of an issuer', tokens)
