/** Every command there is, in the order of the help. Each is one declaration; what it does is loaded when it runs. */
import { benchDiskCommand } from './bench-disk.ts'
import { completeCommand, completionCommand } from './completion.ts'
import { conformanceCommand } from './conformance.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { emulateCommand } from './emulate.ts'
import { forwardCommand } from './forward.ts'
import { hooksCommand } from './hooks.ts'
import { inboxCommand } from './inbox.ts'
import { readCommand } from './read.ts'
import { sendCommand } from './send.ts'
import { serveCommand } from './serve.ts'

export const COMMANDS = [
  demoCommand,
  serveCommand,
  inboxCommand,
  forwardCommand,
  doctorCommand,
  benchDiskCommand,
  sendCommand,
  readCommand,
  emulateCommand,
  conformanceCommand,
  hooksCommand,
  completionCommand,
]

/** Called by programs alone. */
export const HIDDEN = [completeCommand]
