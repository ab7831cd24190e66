import { canaries } from './canary.ts'
import { describeAttacks } from './harness/describe.ts'

describeAttacks('canaries: secrets and people', canaries)
