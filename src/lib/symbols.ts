/**
 * Doors between the parts of the package that users do not see. Registered symbols, so that an adapter and a
 * receiver that were loaded from two copies of the package still meet.
 */

/** On `Auth`, `Source` and `Inbox`: the port behind the public face. */
export const port: unique symbol = Symbol.for('posthorn.port.v1') as never

/** On the receiver: takes a neutral request, returns a neutral response. */
export const receive: unique symbol = Symbol.for('posthorn.receive.v1') as never

/** On the receiver: what `posthorn/testing` needs of it. */
export const testDoor: unique symbol = Symbol.for('posthorn.test-door.v1') as never

/** On the receiver: the names of its sources, for adapters that register a route for each. */
export const sourceNames: unique symbol = Symbol.for('posthorn.sources.v1') as never

/** On the receiver: where the address of a source holds a secret. */
export const secretPlaces: unique symbol = Symbol.for('posthorn.secret-places.v1') as never

/** On the receiver: told of the servers that serve it. */
export const hostSeen: unique symbol = Symbol.for('posthorn.host-seen.v1') as never

/** On the receiver: told what kept a process from ending after its stop. */
export const hostKept: unique symbol = Symbol.for('posthorn.host-kept.v1') as never

/** On the receiver: told what failed in a host, so that the failure reaches the log of the receiver. */
export const hostFailed: unique symbol = Symbol.for('posthorn.host-failed.v1') as never
