import { describeAttacks } from './harness/describe.ts'
import { tokens } from './tokens.ts'

describeAttacks('T: tokens of an issuer', tokens)
