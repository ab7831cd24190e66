/** Every command there is, in the order of the help. Each is one declaration; what it does is loaded when it runs. */
import { conformanceCommand } from './conformance.ts'
import { demoCommand } from './demo.ts'
import { emulateCommand } from './emulate.ts'
import { readCommand } from './read.ts'
import { sendCommand } from './send.ts'

export const COMMANDS = [demoCommand, sendCommand, readCommand, emulateCommand, conformanceCommand]
