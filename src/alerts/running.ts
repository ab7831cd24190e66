/** The alerts that run in this process, by receiver: pages show what these would tell. */
import { OptionError } from '../errors.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { AlertsSettings } from './options.ts'

/** By the sources of the receiver, an object that it has for life, and by the name of the alerts. */
const running = new WeakMap<WatchDoor['sources'], Map<string, AlertsSettings>>()

/** Two of one name would take each other's findings. The returned function gives the name back. */
export function run({ sources }: WatchDoor, settings: AlertsSettings): () => void {
  const { name } = settings
  const names = running.get(sources) ?? new Map<string, AlertsSettings>()
  running.set(sources, names)
  if (names.has(name))
    throw new OptionError(
      `alerts: this receiver has alerts called "${name}": give those of another notify another name`,
    )
  names.set(name, settings)
  return () => void names.delete(name)
}

export const runningOf = ({ sources }: WatchDoor): readonly AlertsSettings[] => [
  ...(running.get(sources)?.values() ?? []),
]
