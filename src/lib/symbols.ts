/**
 * Doors between the parts of the package that users do not see. Registered symbols, so that an adapter and a
 * receiver that were loaded from two copies of the package still meet.
 */

/** On `Auth`, `Source` and `Inbox`: the port behind the public face. */
export const port: unique symbol = Symbol.for('posthorn.port.v1') as never

/** On the receiver: what a host needs of it. */
export const hostDoor: unique symbol = Symbol.for('posthorn.host-door.v1') as never

/** On the receiver: what `posthorn/testing` needs of it. */
export const testDoor: unique symbol = Symbol.for('posthorn.test-door.v1') as never

/** On the receiver: what `posthorn/clients` asks of it when it puts in what is missing. */
export const repairDoor: unique symbol = Symbol.for('posthorn.repair-door.v1') as never

/** On the receiver: what `posthorn/prometheus`, `posthorn/otel` and `posthorn/alerts` listen to. */
export const watchDoor: unique symbol = Symbol.for('posthorn.watch-door.v1') as never

/** On the receiver: what `posthorn/dashboard` asks of it. */
export const deskDoor: unique symbol = Symbol.for('posthorn.desk-door.v1') as never

/** On a dashboard: what the hosts in `posthorn/express`, `/fastify` and `/node` ask of it. */
export const boardDoor: unique symbol = Symbol.for('posthorn.board-door.v1') as never
