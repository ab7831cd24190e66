/** The public sample bodies, where `POSTHORN_SAMPLES` says; the text as it would stand on the wire. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SampleBody {
  readonly sender: 'momentum' | 'mailjet' | 'esputnik'
  readonly name: string
  readonly text: string
}

export const samplesFolder: string | undefined = process.env.POSTHORN_SAMPLES

/** Bodies that senders post; requests and answers of their management APIs are none. */
export function sampleBodies(): SampleBody[] {
  if (samplesFolder === undefined || !existsSync(samplesFolder)) return []
  return (['momentum', 'mailjet', 'esputnik'] as const).flatMap((sender) => {
    const folder = join(samplesFolder as string, sender)
    const files = readdirSync(folder).filter(
      (file) => file.endsWith('.json') && !/^api-(event|relay)-|eventcallbackurl/.test(file),
    )
    return files.flatMap((file) => bodiesOf(sender, file, readFileSync(join(folder, file), 'utf8')))
  })
}

/** A file is a body, or a list of samples whose `raw` is the body: its parsed twin has lost digits. */
function bodiesOf(sender: SampleBody['sender'], file: string, text: string): SampleBody[] {
  const parsed: { samples?: { name: string; raw: string }[] } = JSON.parse(text)
  if (parsed.samples === undefined) return [{ sender, name: file, text }]
  return parsed.samples.map(({ name, raw }) => ({ sender, name: `${file}: ${name}`, text: raw }))
}
