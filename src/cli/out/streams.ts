/** Where a command writes: data to stdout, talk to stderr; both into a frame while one is drawn. */

interface Talk {
  /** No talk: errors alone. */
  readonly quiet: boolean
  /** More of it: every log line, and the stack of an error. */
  readonly verbose: boolean
}

let talk: Talk = { quiet: false, verbose: false }
let frame: string[] | null = null

/** Of the command that runs. */
export function talkAs(wanted: Talk): void {
  talk = wanted
}

export const isVerbose = (): boolean => talk.verbose
export const isQuiet = (): boolean => talk.quiet

/** Data: a line of it. */
export const say = (text: string): void => write(process.stdout, text)

/** Talk, for whoever sits there. */
export function tell(text: string): void {
  if (!talk.quiet) write(process.stderr, text)
}

function write(stream: NodeJS.WriteStream, text: string): void {
  if (frame === null) stream.write(`${text}\n`)
  else frame.push(...text.split('\n'))
}

/** The lines that `draw` says and tells, none of them written. */
export async function linesOf(draw: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = []
  frame = lines
  try {
    await draw()
    return lines
  } finally {
    frame = null
  }
}

/** A head that closes, such as that of `posthorn … | head`, wants nothing more. */
export const isRead = (): boolean => process.stdout.writable && process.stdout.errored == null
