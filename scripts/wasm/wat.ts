/** Words for writing WebAssembly text. */
export const char = (text: string) => text.charCodeAt(0)

export const get = (name: string) => `(local.get $${name})`
export const set = (name: string, value: string) => `(local.set $${name} ${value})`

export const i32 = (value: number | string) => `(i32.const ${value})`
export const plus = (a: string, b: string) => `(i32.add ${a} ${b})`
export const minus = (a: string, b: string) => `(i32.sub ${a} ${b})`
