import { configuration } from './configuration.ts'
import { describeAttacks } from './harness/describe.ts'

describeAttacks('C: configuration and surroundings', configuration)
