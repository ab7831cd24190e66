import { describeAttacks } from './harness/describe.ts'
import { compression } from './z.ts'

describeAttacks('Z: compression', compression)
