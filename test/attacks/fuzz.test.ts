import { fuzz } from './fuzz.ts'
import { describeAttacks } from './harness/describe.ts'

describeAttacks('broken bodies from a seed', fuzz)
