/** Values that no other sample has: ids and the time of now. Private. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { Fields } from './samples.ts'

/** Makes the value of a field anew; `nowMs` is epoch milliseconds. */
export type Make = (nowMs: number) => unknown

/** The fields of `sample` that are made anew in every event. */
export function freshen(sample: Fields, makers: Readonly<Record<string, Make>>, nowMs: number): Fields {
  const fresh = Object.entries(makers).filter(([name]) => Object.hasOwn(sample, name))
  return { ...sample, ...Object.fromEntries(fresh.map(([name, make]) => [name, make(nowMs)])) }
}

export const uuid: Make = () => randomUUID()
export const unixSeconds: Make = (nowMs) => Math.floor(nowMs / 1000)
export const unixSecondsText: Make = (nowMs) => String(Math.floor(nowMs / 1000))
export const isoTime: Make = (nowMs) => new Date(nowMs).toISOString()
/** The same at another time, `ms` from now. */
export const shifted =
  (make: Make, ms: number): Make =>
  (nowMs) =>
    make(nowMs + ms)
/** UTC, without saying so. */
export const wallClock: Make = (nowMs) => new Date(nowMs).toISOString().slice(0, 19)
/** `20150410T160638`, UTC. */
export const compactTime: Make = (nowMs) => new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
/** 20 hexadecimal digits. */
export const hex20: Make = () => randomBytes(10).toString('hex')
/** 18 decimal digits: beyond 2^53. */
export const digits18: Make = () => `${randomInt(1e8, 1e9)}${randomInt(1e8, 1e9)}`
/** From 2^60 on, where doubles are 256 apart. */
export const beyond2to60: Make = () => String(2n ** 60n + BigInt(randomInt(2 ** 47)))
