/** The methods of all faces of an inbox beside each other, for tests that call some and replace others. */
import type { Claims } from '../../src/ports/inbox/claims.ts'
import type { Copies } from '../../src/ports/inbox/copies.ts'
import type { EventKeyStore } from '../../src/ports/inbox/event-keys.ts'
import type { InboxPort } from '../../src/ports/inbox/index.ts'
import type { Intake } from '../../src/ports/inbox/intake.ts'
import type { Ordering } from '../../src/ports/inbox/ordering.ts'
import type { Records } from '../../src/ports/inbox/records.ts'

type OfPort = Pick<InboxPort, 'open' | 'close' | 'on' | 'carryOut'>

export type PortMethods = OfPort & Intake & Claims & Records & Ordering & EventKeyStore & Copies

const FACES = ['intake', 'claims', 'records', 'ordering', 'eventKeys', 'copies'] as const

/** Each is bound to its face, where private fields live. */
export function methodsOf(inner: InboxPort): PortMethods {
  const get = (_: object, name: string | symbol) => {
    for (const face of [inner, ...FACES.map((key) => inner[key])]) if (face && name in face) return memberOf(face, name)
    return undefined
  }
  return new Proxy({}, { get }) as PortMethods
}

/** The same inbox with other methods in the place of some. */
export function portWith(inner: InboxPort, replaced: Partial<PortMethods>): InboxPort {
  const face = <T extends object>(given: T): T =>
    new Proxy(given, {
      get: (target, name) => {
        const other: unknown = Reflect.get(replaced, name)
        if (other !== undefined) return other
        const known = FACES.some((key) => key === name) && target === (inner as unknown)
        const own: unknown = Reflect.get(target, name, target)
        return known && own !== undefined ? face(own as object) : memberOf(target, name)
      },
    })
  return face(inner)
}

function memberOf(face: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(face, name, face)
  return typeof member === 'function' ? member.bind(face) : member
}
