/** Names of attachments, which whoever wrote the mail has chosen. Private. */

/** In bytes of UTF-8: file systems take 255, and a caller may put something before it. */
const MOST_BYTES = 200

/** Control characters, and those that turn or hide what follows. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029]/gu
/** What Windows refuses in names, or reads as a stream of a file. */
const RESERVED = /[<>:"|?*]/g
/** Names of devices on Windows, with any ending; white space before the ending does not count. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\.|$)/i
/** Windows leaves these out. Looked for from the begin of a run only: a name may be a megabyte of dots. */
const TRAILING = /(?<![\s.])[\s.]+$/

/**
 * The last segment of a name, whichever way the slashes lean, without what is invisible, reserved, or hides a file. null
 * where nothing is left. Two attachments may have one name.
 */
export function safeFilename(name: string | null): string | null {
  if (name === null) return null
  const last = name.normalize('NFC').replaceAll(INVISIBLE, '').split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .replaceAll(RESERVED, '_')
    .replace(/^[\s.]+/, '')
    .replace(TRAILING, '')
  if (plain === '') return null
  return shortened(DEVICE.test(plain) ? `_${plain}` : plain)
}

/** Keeps the ending, by which a name is told. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MOST_BYTES) return name
  const [ending = ''] = /\.[^.]{1,16}$/.exec(name) ?? []
  let stem = name.slice(0, name.length - ending.length)
  while (Buffer.byteLength(stem) + Buffer.byteLength(ending) > MOST_BYTES)
    stem = stem.slice(0, -Math.max(1, (stem.length - MOST_BYTES) >> 1))
  return (stem.toWellFormed().replaceAll('\ufffd', '') + ending).replace(TRAILING, '')
}
