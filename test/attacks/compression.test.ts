import { compression } from './compression.ts'
import { describeAttacks } from './harness/describe.ts'

describeAttacks('Z: compression', compression)
