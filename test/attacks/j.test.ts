import { describeAttacks } from './harness/describe.ts'
import { shapes } from './j-shapes.ts'
import { texts } from './j-text.ts'

describeAttacks('J: bytes, JSON, Unicode, numbers', [...shapes, ...texts])
