/** Frames of a stack, as V8 writes them: `at name (file:///app/mail.ts:12:7)`. */

/**
 * The lines of the stack that are frames, trimmed. A message may hold lines that look like frames, so the message, which
 * stands before the frames, is passed over, and with it whatever precedes the last stretch of frames.
 */
export function framesOf(stack: string, message: string): string[] {
  const at = message === '' ? -1 : stack.indexOf(message)
  const lines = (at < 0 ? stack : stack.slice(at + message.length)).trimEnd().split('\n')
  const before = lines.findLastIndex((line) => !FRAME.test(line))
  return lines.slice(before + 1).map((line) => line.trim())
}

/**
 * Where the first frame is that belongs to the application: `/app/mail.ts:12:7`. null where there is none, or where the
 * place could be an e-mail address.
 */
export function ownPlace(frames: readonly string[]): string | null {
  const places = frames.flatMap((frame) => placeOf(frame) ?? [])
  const own = places.find((place) => !/^node:|[/\\]node_modules[/\\]/.test(place))
  return own === undefined || ADDRESS.test(own) ? null : own
}

/**
 * The first five frames that are not Node's: `receive (posthorn/dist/index.js:41:7)`, what is installed from the name of
 * its package on. A frame that could hold an e-mail address is left out.
 */
export function shortFrames(frames: readonly string[]): string[] {
  return frames.flatMap(shortFrame).slice(0, MOST_FRAMES)
}

const MOST_FRAMES = 5

function shortFrame(frame: string): string[] {
  const place = placeOf(frame)
  if (place === undefined || place.startsWith('node:')) return []
  const short = place.replace(/^.*[/\\]node_modules[/\\]/, '')
  const name = frame.match(/^at (.+) \(/)?.[1]
  const text = name === undefined ? short : `${name} (${short})`
  return ADDRESS.test(text) ? [] : [text]
}

/** A longer one is no frame but a text that looks like one, and the time that the pattern takes grows with its square. */
const LONGEST = 5_000

function placeOf(frame: string): string | undefined {
  return frame.length > LONGEST ? undefined : frame.match(PLACE)?.[1]?.replace(/^file:\/\//, '')
}

const ADDRESS = /[^\s/\\@]@[^\s/\\@]/
const FRAME = /^\s+at \S/
const PLACE = /(?:\(|at (?:async )?)([^()\s][^()]*:\d+:\d+)\)?$/
