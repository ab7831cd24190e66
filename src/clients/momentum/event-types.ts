/** The event types that webhooks of Momentum and SparkPost can ask for. */
import { catalogue } from '../../providers/momentum/catalogue.ts'

type Schema = (typeof catalogue)[keyof typeof catalogue]['schema']

/** `click`, `delivery`, …: the types we know. APIs take others too, which are newer than this version. */
export type MomentumHookEvent = Schema extends infer S ? (S extends `${string}.${infer T}` ? T : never) : never

/** Class by type: `click` to `track_event`. A relay message is no event: relay webhooks carry it. */
export const CLASS_OF: ReadonlyMap<string, string> = new Map(
  Object.values(catalogue).flatMap(({ schema }) => {
    const [nativeClass = '', type] = schema.split('.')
    return type === undefined ? [] : [[type, nativeClass] as const]
  }),
)
