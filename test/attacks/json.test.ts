import { describeAttacks } from './harness/describe.ts'
import { shapes } from './shapes.ts'
import { texts } from './texts.ts'

describeAttacks('J: bytes, JSON, Unicode, numbers', [...shapes, ...texts])
