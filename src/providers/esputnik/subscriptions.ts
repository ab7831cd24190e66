/** Reads the categories of a SUBSCRIPTION_CHANGED activity. Private. */
import { isObject, textOf } from '../../lib/guards.ts'

type Wire = Readonly<Record<string, unknown>>

/**
 * The keys of `statusData.subscription.subscriptions`; empty where there are none. Reads objects and lists of one
 * object alike (documented as arrays, objects in every example) and the spelling of the older table of fields, which
 * has `subscripton` and `subscriptons` (eSputnik support page "Webhooks", 2019).
 */
export function subscriptionsOf(wire: Wire): readonly string[] {
  const data = objectIn(wire.statusData)
  const subscription = data?.subscription ?? data?.subscripton
  const inner = objectIn(subscription)
  const keys = inner === null ? subscription : (inner.subscriptions ?? inner.subscriptons)
  if (!Array.isArray(keys)) return []
  return keys.map(textOf).filter((key) => key !== null)
}

/** The object, or the first object of the list. */
function objectIn(value: unknown): Wire | null {
  if (isObject(value)) return value
  return Array.isArray(value) ? (value.find(isObject) ?? null) : null
}
