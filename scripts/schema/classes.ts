/** Renders the types of classes of events, for `payloads.generated.ts`. */
import type { PublishedSender } from './senders.ts'

/** The payloads of each class that has several, by its name. */
export function classesOf({ catalogue, classOf }: PublishedSender): ReadonlyMap<string, readonly string[]> {
  const typed = Object.values(catalogue).filter(({ schema }) => classOf(schema) !== schema)
  const byClass = Map.groupBy(typed, ({ schema }) => classOf(schema))
  return new Map([...byClass].map(([name, entries]) => [name, entries.map(({ payload }) => payload)]))
}

/** `track_event` is `MomentumTrackEvent`. A sender of one class has the type of its elements. */
export function typeOfClass({ provider, elementType, catalogue, classOf }: PublishedSender, name: string): string {
  if (Object.values(catalogue).every(({ schema }) => classOf(schema) === name)) return elementType
  return [provider, ...name.split('_')].map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('')
}

/** The types of the classes, and of an element of a body where it is more than an event. */
export function renderClasses(sender: PublishedSender): string {
  const classes = [...classesOf(sender)].map(([name, payloads]) =>
    renderClass(typeOfClass(sender, name), name, payloads),
  )
  return [...classes, ...renderElement(sender)].join('\n\n')
}

function renderClass(type: string, name: string, payloads: readonly string[]): string {
  return `/** One \`${name}\`: the payload of any of them. */
export type ${type} =
${payloads.map((payload) => `  | ${payload}`).join('\n')}`
}

/** Where classes stand around the events, an element is more than an event. */
function renderElement(sender: PublishedSender): string[] {
  const { elementType, catalogue, classOf } = sender
  const classes = classesOf(sender)
  if (classes.size < 2) return []
  const alone = Object.values(catalogue).filter(({ schema }) => classOf(schema) === schema)
  const fields = [
    ...[...classes.keys()].map((name) => [name, typeOfClass(sender, name)]),
    ...alone.map(({ schema, payload }) => [schema, payload]),
  ]
  return [
    `/** An element of a body: one event under its class. An event of another class or type is there as it came. */
export interface ${elementType} {
  readonly msys: {
${fields.map(([name, type]) => `    readonly ${name}?: ${type}`).join('\n')}
  }
}`,
  ]
}
